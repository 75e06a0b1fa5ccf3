"""Networks of images, written as the engine's ops: their convolutions have taps on a raster."""

from collections.abc import Callable
from typing import Any

from torch import nn

from undertow import layers
from undertow.native.builder import Builder, Values
from undertow.native.convolutions import causal_conv, condition_sum
from undertow.native.format import NONE, Activation
from undertow.native.taps import Taps
from undertow.networks import GatedPixelCNN, Network, PixelCNN
from undertow.networks.gated_pixelcnn import GatedLayer
from undertow.networks.pixelcnn import ReLU, ResidualBlock


def _pixelcnn(build: Builder, network: PixelCNN, x: Values, condition: Values) -> Values:
    (y,) = build.layer(network.first, build.layer(network.input, x))
    if network.condition is not None:
        y = build.add(f"{build.modules[network]}.condition", y, condition_sum(build, network.condition, condition))
    return build.layer(network.head, build.layer(network.stack, (y,)))


def _pixel_block(build: Builder, layer: ResidualBlock, x: Values) -> Values:
    (stream,) = x
    relu = {"activation": Activation.RELU}
    rectified = (build.activate(build.modules[layer], stream, Activation.RELU),)
    y = _raster(build, layer.conv, causal_conv(build, layer.enter, rectified, **relu), **relu)
    return causal_conv(build, layer.leave, y, add=stream)


def _gated_pixelcnn(build: Builder, network: GatedPixelCNN, x: Values, condition: Values) -> Values:
    v = h = build.layer(network.input, x)
    for layer in network.layers:
        v, h = _gated_pixels(build, layer, v, h, condition)
    return build.layer(network.head, h)


def _gated_pixels(build: Builder, layer: GatedLayer, v: Values, h: Values, y: Values) -> tuple[Values, Values]:
    """Before its first place a vertical layer is not 0 here; what reads it is as late, and does not see that."""
    name = build.modules[layer]
    (a,) = _raster(build, layer.vertical, v)
    said = NONE if layer.horizontal_condition is None else condition_sum(build, layer.horizontal_condition, y)
    (linked,) = _raster(build, layer.link, (a,), add=said)
    gated = _raster(build, layer.horizontal, h, add=linked, activation=Activation.GATE)
    made = causal_conv(build, layer.residual, gated, **({} if layer.is_first else {"add": h[0]}))
    if layer.vertical_condition is not None:
        a = build.add(f"{name}.vertical_sum", a, condition_sum(build, layer.vertical_condition, y))
    return (build.activate(f"{name}.vertical_gate", a, Activation.GATE),), made


def _raster(build: Builder, layer: layers.RasterConv, x: Values, **more: Any) -> Values:
    """With colour a step is a value, its phase is its channel, and each value of a tap's pixel is a tap of its own.

    Of the pixel itself a channel sees those before it, and its own if that is not yet to come: where a tap would look
    at a step to come there is none, which is what the masks hide.
    """
    name, raster = build.modules[layer], layer.raster
    if not layer.has_state:
        return (build.conv(name, layer.weight, layer.bias, x, **more),)
    assert layer.own == "none" or layer.ahead == (layer.own == "before"), f"{name}: the masks hide other taps"
    group, width, late, ahead = raster.channels, raster.row_steps, layer.late, layer.ahead
    columns = [right * group + value for _, right in layer.taps for value in range(group)]
    lags = [up * width - column - ahead for (up, _), column in zip(_each(layer, group), columns, strict=True)]
    within = [abs(right) < raster.width for _, right in _each(layer, group)]
    there = [inside and lag + group > 0 for inside, lag in zip(within, lags, strict=True)]
    taps = Taps(_chosen(lags, there), width, late, ahead, _chosen(columns, there), group)
    weight = layer.weight.unflatten(2, (group, -1)).flatten(1, 2)[:, there]
    return (build.conv(name, weight, layer.bias, x, taps, **more),)


def _each(layer: layers.RasterConv, group: int) -> list[tuple[int, int]]:
    """The taps, each as often as its pixel has values."""
    return [tap for tap in layer.taps for _ in range(group)]


def _chosen(numbers: list[int], there: list[bool]) -> tuple[int, ...]:
    return tuple(number for number, is_there in zip(numbers, there, strict=True) if is_there)


def _relu(build: Builder, layer: ReLU, x: Values) -> Values:
    (value,) = x
    return (build.activate(build.modules[layer], value, Activation.RELU),)


NETWORKS: dict[type[Network], Callable[..., Values]] = {GatedPixelCNN: _gated_pixelcnn, PixelCNN: _pixelcnn}

LAYERS: dict[type[nn.Module], Callable[..., Values]] = {
    ReLU: _relu,
    ResidualBlock: _pixel_block,
    layers.RasterConv: _raster,
}
