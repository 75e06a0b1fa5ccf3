"""Every encoder–decoder in small shapes, which the shared checks run over and other tests begin from."""

import torch

from undertow.config import parse
from undertow.networks import ENCODER_DECODERS, EncoderDecoder, InputShape

SMALL = {
    "bytenet": dict(channels=3, encoder_cycles=2, decoder_cycles=2, layers_per_cycle=2),
    "rnn": dict(channels=5, num_layers=2),
    "rnn_attention": dict(channels=5, embedding_channels=4),
    "transformer": dict(encoder_layers=2, decoder_layers=2, channels=8, num_heads=2, feed_forward_channels=12)
    | dict(max_length=48, dropout=0.0),
}
SHAPES = {
    "bytenet": {
        "longer": {"length_ratio": 1.5, "length_offset": 1},
        "as long": {"length_ratio": 0, "kernel_size": 5, "encoder_cycles": 1},
    },
    "rnn": {
        "lstm": {},
        "gru": {"cell": "gru", "embedding_channels": 3},
        "read from its beginning": {"reversed_source": False},
    },
    "rnn_attention": {
        "gru": {},
        "lstm": {"cell": "lstm"},
        "layers": {"encoder_layers": 2, "decoder_layers": 3},
    },
    "transformer": {
        "post-norm": {},
        "pre-norm": {"norm_first": True},
        "separate": {"embeddings": "separate"},
        "shared": {"embeddings": "shared"},
    },
}
CASES = [(kind, name) for kind, shapes in SHAPES.items() for name in shapes]
FRAMED = [(kind, name) for kind, name in CASES if SHAPES[kind][name].get("embeddings") != "shared"]
SYMBOLS, FRAMES, TARGET = InputShape(num_symbols=6), InputShape(channels=3), InputShape(num_symbols=7)
SOURCED = [(*case, SYMBOLS) for case in CASES] + [(*case, FRAMES) for case in FRAMED]
LENGTHS = torch.tensor([5, 9, 7])


def make(kind: str, name: str, source: InputShape = SYMBOLS, target: InputShape = TARGET) -> EncoderDecoder:
    """Of 7 target symbols, the end among them, or of frames."""
    torch.manual_seed(1)
    config = parse(ENCODER_DECODERS[kind].Config, {**SMALL[kind], **SHAPES[kind][name]})
    return ENCODER_DECODERS[kind](config, source, target, 7).double().eval()


def sources(source: InputShape) -> torch.Tensor:
    torch.manual_seed(2)
    return torch.randint(0, 7, (3, 9)) if source.num_symbols else torch.randn(3, 9, 3).double()
