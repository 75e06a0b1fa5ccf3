"""Sentences a second of CTranslate2 with a Transformer of random weights, of the shape that S11 measures.

    python peer_translator.py BATCH BEAM MOST_SYMBOLS PRECISION LENGTH...

It runs in an environment of its own, with ctranslate2 alone, and prints one number: the sources have these lengths, and
each target as many symbols as S11 lets an untrained model write. See `s11_translation_speed`.
"""

import sys
import tempfile
import time
from typing import Any

LAYERS, CHANNELS, HEADS, FEED_FORWARD, SYMBOLS, MAX_LENGTH = 4, 128, 4, 256, 55, 256
SPECIAL = ["<unk>", "<s>", "</s>"]


def main() -> None:
    """Write the model, translate, print."""
    import ctranslate2

    batch, beam, most, precision = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    lines = [[token(place) for place in range(int(length))] for length in sys.argv[5:]]
    with tempfile.TemporaryDirectory() as folder:
        specification().save(folder)
        translator = ctranslate2.Translator(folder, compute_type=precision, inter_threads=1, intra_threads=1)

    def translate(some: list[list[str]]) -> None:
        limits = {"max_decoding_length": most, "min_decoding_length": most}
        translator.translate_batch(some, beam_size=beam, max_batch_size=batch, **limits)

    def all_lines() -> None:
        for first in range(0, len(lines), batch):
            translate(lines[first : first + batch])

    all_lines()
    began = time.perf_counter()
    all_lines()
    print(len(lines) / (time.perf_counter() - began))


def token(place: int) -> str:
    """A character of the vocabulary."""
    return chr(ord("A") + place % SYMBOLS)


def specification() -> Any:
    """The model, as CTranslate2 reads it."""
    import numpy as np
    from ctranslate2.specs import TransformerSpec

    made = TransformerSpec.from_config((LAYERS, LAYERS), HEADS, pre_norm=True)
    random = np.random.default_rng(0)

    def linear(target: Any, outputs: int, inputs: int, bias: bool = True) -> None:
        target.weight = random.normal(scale=inputs**-0.5, size=(outputs, inputs)).astype(np.float32)
        if bias:
            target.bias = np.zeros(outputs, dtype=np.float32)

    def norm(target: Any) -> None:
        target.gamma, target.beta = np.ones(CHANNELS, dtype=np.float32), np.zeros(CHANNELS, dtype=np.float32)

    def attention(target: Any, widths: list[int]) -> None:
        norm(target.layer_norm)
        for one, width in zip(target.linear, widths, strict=True):
            linear(one, width, CHANNELS)

    def feed_forward(target: Any) -> None:
        norm(target.layer_norm)
        linear(target.linear_0, FEED_FORWARD, CHANNELS)
        linear(target.linear_1, CHANNELS, FEED_FORWARD)

    vocabulary = [*SPECIAL, *(token(place) for place in range(SYMBOLS))]
    embeddings = [made.encoder.embeddings[0], made.decoder.embeddings]
    for half, embedding in zip((made.encoder, made.decoder), embeddings, strict=True):
        linear(embedding, len(vocabulary), CHANNELS, bias=False)
        half.position_encodings.encodings = random.normal(size=(MAX_LENGTH, CHANNELS)).astype(np.float32)
        norm(half.layer_norm)
        for layer in half.layer:
            attention(layer.self_attention, [3 * CHANNELS, CHANNELS])
            feed_forward(layer.ffn)
    for layer in made.decoder.layer:
        attention(layer.attention, [CHANNELS, 2 * CHANNELS, CHANNELS])
    linear(made.decoder.projection, len(vocabulary), CHANNELS)
    made.register_source_vocabulary(vocabulary)
    made.register_target_vocabulary(vocabulary)
    made.validate()
    made.optimize()
    return made


if __name__ == "__main__":
    main()
