"""Row LSTM and Diagonal BiLSTM written as the engine's ops: loops whose taps are pixels of the raster.

The product with a layer's input has no loop. What goes through a row from its end is in a clock of its own, whose ticks
come a row at a time, between the ops that turn rows and turn them back.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from undertow.layers import DiagonalBiLSTM, RowLSTM
from undertow.native.builder import Builder, Values
from undertow.native.convolutions import causal_conv, condition_sum
from undertow.native.taps import Taps
from undertow.networks import DiagonalBiLSTMNetwork, Network, RowLSTMNetwork
from undertow.networks.pixelrnn import PixelRNN, Residual

Pixel = tuple[int, int]  # rows up, columns to the right
ABOVE, LEFT = (1, 0), (0, -1)


def _pixel_rnn(build: Builder, network: PixelRNN, x: Values, condition: Values) -> Values:
    (y,) = build.layer(network.first, build.layer(network.input, x))
    if network.condition is not None:
        y = build.add(f"{build.modules[network]}.condition", y, condition_sum(build, network.condition, condition))
    return build.layer(network.head, build.layer(network.stack, (y,)))


def _residual(build: Builder, layer: Residual, x: Values) -> Values:
    (stream,) = x
    return causal_conv(build, layer.leave, build.layer(layer.inner, x), add=stream)


def _row_lstm(build: Builder, layer: RowLSTM, x: Values) -> Values:
    name, (given,) = build.modules[layer], build.layer(layer.input, x)
    row_above = [(1, column) for column in (-1, 0, 1)]
    return (_lstm(build, f"{name}.kept", layer.width, given, layer.weight, None, row_above, ABOVE),)


def _diagonal_lstm(build: Builder, layer: DiagonalBiLSTM, x: Values) -> Values:
    name, (value,) = build.modules[layer], x
    left = _side(build, layer, "left", value)
    right = _side(build, layer, "right", build.turn(name, value, layer.width))
    return (build.add(name, left, build.unturn(name, right)),)


def _side(build: Builder, layer: DiagonalBiLSTM, side: str, value: int) -> int:
    """One direction: of a pixel, and of what is above and before it in that direction."""
    name, lstm = build.modules[layer], getattr(layer, side)
    own, above = lstm.weight_ih_l0.split([layer.in_channels, layer.channels], dim=1)
    given = build.conv(f"{name}.{side}.ih", own[:, None], lstm.bias_ih_l0, (value,))
    weight = torch.stack([above, lstm.weight_hh_l0], dim=1)
    return _lstm(build, f"{name}.of_{side}", layer.width, given, weight, lstm.bias_hh_l0, [ABOVE, LEFT], LEFT)


def _lstm(
    build: Builder,
    name: str,
    width: int,
    given: int,
    weight: Tensor,
    bias: Tensor | None,
    seen: Sequence[Pixel],
    cell: Pixel,
) -> int:
    """An LSTM whose gates see hidden vectors of such pixels (4·H, k, H), and whose cell goes on from one of them."""
    there = [abs(column) < width for _, column in seen]
    pixels = [pixel for pixel, is_there in zip(seen, there, strict=True) if is_there]
    lags = tuple(up * width - column - 1 for up, column in pixels)
    taps = Taps(lags, width, late=1, ahead=1, columns=tuple(column for _, column in pixels))
    last = build.previous(f"{name}.hidden", weight.shape[2], build.values[given].domain)
    gates = build.conv(f"{name}.above", weight[:, there], bias, (last,), taps, add=given)
    made = build.lstm_of_raster(f"{name}.cell", gates, width, cell)
    build.repeat(last, made)
    return made


NETWORKS: dict[type[Network], Callable[..., Values]] = {
    DiagonalBiLSTMNetwork: _pixel_rnn,
    RowLSTMNetwork: _pixel_rnn,
}

LAYERS: dict[type[nn.Module], Callable[..., Values]] = {
    DiagonalBiLSTM: _diagonal_lstm,
    Residual: _residual,
    RowLSTM: _row_lstm,
}
