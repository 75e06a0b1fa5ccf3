"""The networks that are held side by side, each at a common width and depth, as models of bytes."""

from collections.abc import Callable
from typing import Any

from undertow.config import check_whole, nearest, parse
from undertow.errors import UsageError, shown
from undertow.models import Autoregressive, build, require

WIDTH, DEPTH = 64, 6
HEAD_CHANNELS = 32  # of attention, where the width allows

Shape = dict[str, Any]


def family(name: str, length: int, width: int = WIDTH, depth: int = DEPTH) -> Autoregressive:
    """A fresh model of a family of `FAMILIES`.

    Args:
        length: inputs that a model with a cache has room for.
        width: channels of what goes from layer to layer.
        depth: layers; recurrent ones, blocks of attention, or dilated convolutions with dilations 1, 2, 4, … and, in a
            TCN, two convolutions each.

    Raises:
        UsageError: an unknown family, or a width or depth that the network cannot have.
    """
    if name not in FAMILIES:
        raise UsageError(f"unknown family '{shown(name)}'{nearest(name, FAMILIES)}")
    check_whole("width", width, 2, 2**20)
    check_whole("depth", depth, 1, 1024)
    if width % 2:
        raise UsageError(f"width is {width}; it must be even")
    network = FAMILIES[name](length, width, depth)
    values = {"alphabet": {"kind": "bytes"}, "network": network, "emission": {"kind": "categorical"}}
    return require(build(parse(Autoregressive.Config, values)), "generate")


def _recurrent(cell: str) -> Callable[[int, int, int], Shape]:
    return lambda length, width, depth: {"kind": "rnn", "cell": cell, "channels": width, "num_layers": depth}


def _rnn_attention(length: int, width: int, depth: int) -> Shape:
    return {"kind": "rnn_attention", "channels": width, "num_layers": depth, "max_length": length}


def _samplernn(length: int, width: int, depth: int) -> Shape:
    return {
        "kind": "samplernn",
        "channels": width,
        "embedding_channels": width,
        "num_layers": depth,
        "frame_sizes": [4],
    }


def _transformer(length: int, width: int, depth: int) -> Shape:
    heads = width // HEAD_CHANNELS if width % HEAD_CHANNELS == 0 else 1
    return {
        "kind": "transformer",
        "channels": width,
        "num_layers": depth,
        "num_heads": heads,
        "max_length": length,
    }


def _bytenet(length: int, width: int, depth: int) -> Shape:
    return {"kind": "bytenet", "channels": width // 2, "num_cycles": 1, "layers_per_cycle": depth, "dropout": 0.0}


def _tcn(length: int, width: int, depth: int) -> Shape:
    silent = {"dropout": 0.0, "embedding_dropout": 0.0}
    return {"kind": "tcn", "channels": width, "num_levels": depth, "embedding_channels": width, **silent}


def _wavenet(length: int, width: int, depth: int) -> Shape:
    sizes = {"residual_channels": width, "gate_channels": 2 * width, "skip_channels": width}
    return {"kind": "wavenet", "num_cycles": 1, "layers_per_cycle": depth, **sizes}


FAMILIES: dict[str, Callable[[int, int, int], Shape]] = {
    "rnn": _recurrent("rnn"),
    "lstm": _recurrent("lstm"),
    "gru": _recurrent("gru"),
    "rnn-attention": _rnn_attention,
    "samplernn": _samplernn,
    "transformer": _transformer,
    "bytenet": _bytenet,
    "tcn": _tcn,
    "wavenet": _wavenet,
}
