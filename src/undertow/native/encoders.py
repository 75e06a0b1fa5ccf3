"""The encoders of encoder–decoders as the engine's ops: a graph that reads a whole source.

It gives the decoder what torch makes of the source when writing begins: the leaves of its memory, and of its state.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from undertow.layers.causal_conv import CausalConvolution
from undertow.native import format
from undertow.native.builder import Builder, Unsupported, Values
from undertow.native.convolutions import linear
from undertow.native.format import Activation, EmissionKind, Given, Graph
from undertow.native.lowering import LAYERS, PRECISIONS, Lowered, check_weights, normed
from undertow.native.recurrent import lower_recurrent
from undertow.native.taps import Taps
from undertow.native.transformer import feed_forward, torch_norm
from undertow.networks.encoder_decoder import Encoder, EncoderDecoder
from undertow.networks.seq2seq_bytenet import ColumnEncoder
from undertow.networks.seq2seq_rnn import StateEncoder
from undertow.networks.seq2seq_rnn_attention import BidirectionalEncoder
from undertow.networks.seq2seq_transformer import TransformerEncoder


def lower_encoder(model: Any, precision: str = "float32") -> Lowered | None:
    """The graph of the encoder of a model of float32 weights; precisions are those of `lower`. None without an encoder.

    Raises:
        Unsupported: the engine cannot run it; the message names what it lacks.
    """
    network = model.network
    if not isinstance(network, EncoderDecoder):
        return None
    check_weights(model)
    encoder = network.encoder
    if type(encoder) not in ENCODERS:
        raise Unsupported(f"the native engine has no encoder {type(encoder).__name__}")
    modules = {module: name for name, module in model.named_modules()}
    build = Builder(PRECISIONS[precision], modules, modules[encoder], LAYERS)
    num_symbols = 0 if model.source_end is None else model.source_end
    ENCODERS[type(encoder)](build, network, _source(build, encoder, num_symbols))
    graph = Graph(
        precision=PRECISIONS[precision],
        num_symbols=num_symbols,
        condition_channels=0,
        output=len(build.values) - 1,
        emission=format.Emission(kind=EmissionKind.NONE),
        values=tuple(build.values),
        ops=tuple(build.ops),
        tensors=tuple(build.tensors),
    )
    return Lowered(graph, tuple(build.names))


def _source(build: Builder, encoder: Encoder, num_symbols: int) -> Values:
    """What the input layer makes of symbols, the end among them, or of frames."""
    layer: Any = encoder.input.symbols
    if num_symbols:
        return (build.embed(build.modules[layer], layer.table.weight[: num_symbols + 1]),)
    return build.layer(layer, (build.floats("source", layer.weight.shape[2]),))


def _columns(build: Builder, network: Any, x: Values) -> None:
    encoder, (value,) = network.encoder, x
    ratio, offset = encoder.config.length_ratio, encoder.config.length_offset
    x = (build.stretch("columns", value, ratio, offset),)
    for block in encoder.blocks:
        (stream,) = x
        (y,) = normed(build, block.reduce, x)
        norm, conv = block.dilated.norm, block.dilated.conv
        y = build.norm(build.modules[norm], norm.norm.weight, norm.norm.bias, y, Activation.RELU, epsilon=norm.norm.eps)
        x = normed(build, block.expand, (_centred(build, conv, y, block.ahead),), add=stream)
    build.give("columns", x)


def _centred(build: Builder, layer: CausalConvolution, value: int, ahead: int) -> int:
    """A convolution whose output is `ahead` steps earlier than a causal one's."""
    kernel = layer.kernel()
    lags = (tap * layer.dilation - ahead for tap in reversed(range(kernel.shape[1])))
    return build.conv(build.modules[layer], kernel, layer.offset(), (value,), Taps(tuple(lags)))


def _transformer(build: Builder, network: Any, x: Values) -> None:
    encoder, (value,) = network.encoder, x
    entrance: Any = encoder.entrance
    name = build.modules[entrance.positions]
    x = (build.position(name, entrance.positions.table, entrance.scale, value, name),)
    for block in encoder.blocks:
        attended, fed = block.sums
        x = _summed(build, attended, x, _mutual(build, block.attention))
        x = _summed(build, fed, x, lambda read, add, layer=block.feed_forward: feed_forward(build, layer, read, add))
    if encoder.config.norm_first:
        x = torch_norm(build, encoder.norm, x)
    for number, block in enumerate(network.decoder.blocks):
        layer = block.source_attention
        weights, biases = layer.keys_values.weight.chunk(2), layer.keys_values.bias.chunk(2)
        for part, weight, bias in zip(("keys", "values"), weights, biases, strict=True):
            made = build.conv(f"{build.modules[layer]}.{part}", weight[:, None], bias, x)
            build.give(f"blocks.{number}.{part}", (made,), layer.num_heads)


def _summed(build: Builder, layer: Any, x: Values, branch: Callable[..., Values]) -> Values:
    """A value and a branch of it, with the norm before or after."""
    if layer.norm_first:
        return branch(torch_norm(build, layer.norm, x), *x)
    return torch_norm(build, layer.norm, branch(x, *x))


def _mutual(build: Builder, layer: Any) -> Callable[..., Values]:
    def branch(read: Values, add: int) -> Values:
        weight = torch.cat([layer.query.weight, layer.keys_values.weight])
        bias = torch.cat([layer.query.bias, layer.keys_values.bias])
        parts = build.conv(build.modules[layer.query], weight[:, None], bias, read)
        seen = build.mutual(build.modules[layer], parts, layer.num_heads)
        return linear(build, layer.output, (seen,), add=add)

    return branch


def _states(build: Builder, network: Any, x: Values) -> None:
    encoder, (value,) = network.encoder, x
    layers = encoder.layers
    lower_recurrent(build, layers, (build.reverse("source.reversed", value),) if encoder.reversed_source else x)
    for number in range(layers.cell.num_layers):
        for state in layers.states:
            build.give(f"layers.{state}_l{number}", (), part=Given.KEPT)


def _annotations(build: Builder, network: Any, x: Values) -> None:
    for layer in network.encoder.layers:
        name = build.modules[layer]
        turned = tuple(build.reverse(f"{name}.reversed", value) for value in x)
        (backwards,) = lower_recurrent(build, layer.backwards, turned)
        x = (*lower_recurrent(build, layer.forwards, x), build.reverse(f"{name}.restored", backwards))
    cell = network.decoder.attentive
    build.give("annotations", x)
    build.give("keys", linear(build, cell.key, x))
    weights, biases = (part.chunk(len(cell.states)) for part in (cell.start.weight, cell.start.bias))
    for state, weight, bias in zip(cell.states, weights, biases, strict=True):
        name = f"{build.modules[cell.start]}.{state}"
        first = build.conv(name, weight[:, None], bias, x[1:], activation=Activation.TANH)
        build.give(f"attentive.{state}", (first,), part=Given.FIRST)


ENCODERS: dict[type[nn.Module], Callable[[Builder, Any, Values], None]] = {
    BidirectionalEncoder: _annotations,
    ColumnEncoder: _columns,
    StateEncoder: _states,
    TransformerEncoder: _transformer,
}
