"""Symbols a second of CTranslate2 with a GPT-2 of random weights: `python peer_ctranslate2.py ROWS LENGTH PRECISION`.

It runs in an environment of its own, with ctranslate2 and transformers, and prints one number (see `s10_text_speed`).
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

LAYERS, CHANNELS, HEADS, SYMBOLS = 4, 128, 4, 65
WARM_LENGTH = 16


def main() -> None:
    """Convert, generate greedily, print."""
    import ctranslate2

    rows, length, precision = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    with tempfile.TemporaryDirectory() as folder:
        converted = convert(Path(folder), length)
        generator = ctranslate2.Generator(converted, compute_type=precision, inter_threads=1, intra_threads=1)
        generate(generator, rows, WARM_LENGTH)
        began = time.perf_counter()
        generate(generator, rows, length)
        print(rows * length / (time.perf_counter() - began))


def convert(folder: Path, length: int) -> str:
    """The folder of a fresh GPT-2 as CTranslate2 reads it."""
    import json

    import ctranslate2
    import transformers

    config = transformers.GPT2Config(
        vocab_size=SYMBOLS + 1,
        n_positions=length + 1,
        n_embd=CHANNELS,
        n_layer=LAYERS,
        n_head=HEADS,
        bos_token_id=SYMBOLS,
        eos_token_id=SYMBOLS,
    )
    source = folder / "gpt2"
    transformers.GPT2LMHeadModel(config).save_pretrained(source)
    vocabulary = {chr(ord("!") + index): index for index in range(SYMBOLS)} | {"<|endoftext|>": SYMBOLS}
    (source / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (source / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    transformers.GPT2Tokenizer(str(source / "vocab.json"), str(source / "merges.txt")).save_pretrained(source)
    return ctranslate2.converters.TransformersConverter(str(source)).convert(str(folder / "converted"))


def generate(generator: Any, rows: int, length: int) -> None:
    """So many symbols of each row, the end among them not allowed."""
    generator.generate_batch(
        [["<|endoftext|>"]] * rows,
        max_length=length,
        min_length=length,
        sampling_topk=1,
        include_prompt_in_result=False,
        max_batch_size=rows,
    )


if __name__ == "__main__":
    main()
