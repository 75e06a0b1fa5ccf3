"""Convolutions and products with the condition, written as the engine's ops.

A layer's function is given the values that come in, side by side, and returns those that come out.
"""

from typing import Any

from torch import nn

from undertow import layers
from undertow.layers.causal_conv import CausalConvolution
from undertow.native.builder import Builder, Values
from undertow.native.format import NONE
from undertow.native.taps import dilated


def causal_conv(build: Builder, layer: CausalConvolution, x: Values, **more: Any) -> Values:
    """A causal convolution, with what `Builder.conv` may add to it."""
    kernel = layer.kernel()
    taps = dilated(kernel.shape[1], layer.dilation)
    return (build.conv(build.modules[layer], kernel, layer.offset(), x, taps, **more),)


def linear(build: Builder, layer: nn.Linear, x: Values, **more: Any) -> Values:
    """A product at each step, with what `Builder.conv` may add to it."""
    return (build.conv(build.modules[layer], layer.weight[:, None], layer.bias, x, **more),)


def condition_sum(build: Builder, layer: layers.CausalConv1d, condition: Values) -> int:
    """A product with each value of the condition by itself, summed: what is known ahead of time can be done then."""
    widths = [build.read_channels(value) for value in condition]
    said, name = NONE, build.modules[layer]
    for index, (value, weight) in enumerate(zip(condition, layer.weight.split(widths, dim=2), strict=True)):
        weight = build.read(value, weight)
        said = build.conv(f"{name}.{index}" if index else name, weight, None, (value,), add=said)
    return said
