"""A Transformer's layers as the engine's ops: products, norms, attention over a cache, and positions."""

import math
from typing import Any

from torch import Tensor, nn

from undertow.layers import CausalSelfAttention, GatedFeedForward, WindowedSelfAttention
from undertow.layers.positions import Learned, Rotary
from undertow.native.builder import Builder, Values
from undertow.native.convolutions import linear
from undertow.native.format import Activation
from undertow.networks import Transformer


def transformer(build: Builder, network: Transformer, x: Values) -> Values:
    """The parameters that a network makes of its input layer's output."""
    rotation: Values = ()
    if isinstance(network.positions, Rotary):
        rotation = (_rotation(build, network),)
    else:
        x = (_positions(build, network, x),)
    for block in network.blocks:
        x = _transformer_block(build, block, x, rotation)
    return leave(build, network, network.table if network.tied else None, x)


def leave(build: Builder, network: Any, table: Tensor | None, x: Values) -> Values:
    """The last norm, where norms come first, and the output; of a tied one, the embedding's table (N + 1, C)."""
    if network.config.norm_first:
        x = torch_norm(build, network.norm, x)
    if table is None:
        return linear(build, network.head, x)
    return (build.conv(build.modules[network.head], table[:-1, None], None, x),)


def _positions(build: Builder, network: Transformer, x: Values) -> int:
    positions: Any = network.positions
    learned, scale = isinstance(positions, Learned), math.sqrt(network.config.channels)
    table = positions.table.weight if learned else positions.table
    (value,), keeper = x, build.modules[network.blocks[0].attention]
    return build.position(build.modules[positions], table, 1.0 if learned else scale, value, keeper)


def _rotation(build: Builder, network: Transformer) -> int:
    positions: Any = network.positions
    angles, keeper = positions.angles, build.modules[network.blocks[0].attention]
    most = network.max_length if network.config.window is None else None
    return build.rotation(build.modules[positions], angles, most, keeper)


def _transformer_block(build: Builder, block: Any, x: Values, rotation: Values) -> Values:
    read = torch_norm(build, block.attention_norm, x) if block.norm_first else x
    x = self_attention(build, block.attention, read, rotation, *x)
    if block.norm_first:
        return feed_forward(build, block.feed_forward, torch_norm(build, block.feed_forward_norm, x), *x)
    x = torch_norm(build, block.attention_norm, x)
    return torch_norm(build, block.feed_forward_norm, feed_forward(build, block.feed_forward, x, *x))


def self_attention(
    build: Builder, layer: CausalSelfAttention | WindowedSelfAttention, x: Values, rotation: Values, add: int
) -> Values:
    """A value, and what its steps see of the past."""
    parts = linear(build, layer.inputs, x) + rotation
    if isinstance(layer, WindowedSelfAttention):
        seen = build.attention(build.modules[layer], parts, layer.num_heads, window=layer.window)
    else:
        seen = build.attention(build.modules[layer], parts, layer.num_heads, most=layer.capacity)
    return linear(build, layer.output, (seen,), add=add)


def feed_forward(build: Builder, layer: Any, x: Values, add: int) -> Values:
    """A value, and two products with an activation between."""
    gated = isinstance(layer, GatedFeedForward)
    activation = Activation.SWIGLU if gated else Activation[layer.kind.upper()]
    return linear(build, layer.output, linear(build, layer.input, x, activation=activation), add=add)


def torch_norm(
    build: Builder,
    norm: Any,
    x: Values,
    activation: Activation = Activation.NONE,
    name: str | None = None,
) -> Values:
    """A LayerNorm or RMSNorm of torch, of the name of its own module unless there is another."""
    rms = isinstance(norm, nn.RMSNorm)
    (value,), bias = x, None if rms else norm.bias
    name = name or build.modules[norm]
    return (build.norm(name, norm.weight, bias, value, activation, epsilon=norm.eps, rms=rms),)
