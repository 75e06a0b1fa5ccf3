"""A model written as the engine's graph: one function a layer, and its line in a dict.

A layer's function is given the values that come in, side by side, and returns those that come out. Every op has the
name of the module it is of ("network.stack.gates.0.conv"), so that a later pass finds its convolutions again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import nn

from undertow import emissions, layers
from undertow.native import format, pixel_rnns, pixelcnn_pp, pixels, recurrent
from undertow.native.builder import SYMBOLS, Builder, Unsupported, Values
from undertow.native.convolutions import causal_conv, condition_sum, linear
from undertow.native.decoders import attentive_decoder, transformer_decoder
from undertow.native.excitation import excitation
from undertow.native.format import NONE, Activation, EmissionKind, Graph, Type
from undertow.native.transformer import torch_norm, transformer
from undertow.networks import TCN, ByteNet, Excitation, Network, Transformer, WaveNet
from undertow.networks.bytenet import Head, MUBlock, NormedConv1d, ReLUBlock
from undertow.networks.encoder_decoder import EncoderDecoder
from undertow.networks.seq2seq_bytenet import ColumnDecoder
from undertow.networks.seq2seq_rnn_attention import AttentiveDecoder
from undertow.networks.seq2seq_transformer import TransformerDecoder
from undertow.networks.tcn import TemporalBlock
from undertow.networks.wavenet import Hidden

PRECISIONS = {"float32": Type.FLOAT32, "bfloat16": Type.BFLOAT16}


@dataclass(frozen=True, eq=False)
class Lowered:
    """A model's graph, and the name of each of its ops.

    A convolution of several values that torch reads as one has its module's name for the first, and name.1, name.2, …
    for the others.
    """

    graph: Graph
    names: tuple[str, ...]


def lower(model: Any, precision: str = "float32") -> Lowered:
    """The graph of a model of float32 weights.

    Args:
        precision: "float32", or "bfloat16", which rounds the weights of the network's convolutions; tables, biases and
            what reads the condition or a product stay float32.

    Raises:
        Unsupported: the engine cannot run the model; the message names what it lacks.
    """
    check_weights(model)
    reads = "predict" in model.abilities
    emission = format.Emission(kind=EmissionKind.NONE) if reads else emission_of(model.emission)
    writer = _writer(model)
    _check_network(writer.network)
    _check_symbols(model, writer)
    modules = {module: name for name, module in model.named_modules()}
    build = Builder(PRECISIONS[precision], modules, modules[writer.network], LAYERS)
    channels = writer.condition_channels
    condition = (build.condition(channels),) if channels else ()
    output = _network(build, writer.network, _inputs(build, model, writer), condition)
    graph = Graph(
        precision=PRECISIONS[precision],
        num_symbols=writer.num_symbols,
        condition_channels=channels,
        output=output,
        emission=emission,
        domains=tuple(build.domains),
        values=tuple(build.values),
        ops=tuple(build.ops),
        tensors=tuple(build.tensors),
        facts=model.file_facts,
    )
    return Lowered(graph, tuple(build.names))


class Writer(NamedTuple):
    """What of a model writes one symbol after another: all of its network, or the decoder alone.

    Attributes:
        num_symbols: the start symbol is the next one.
        condition_channels: of what is known of each step.
    """

    network: Network
    num_symbols: int
    condition_channels: int


def _writer(model: Any) -> Writer:
    if "predict" in model.abilities:
        return Writer(model.network, model.alphabet.num_symbols, 0)
    if isinstance(model.network, EncoderDecoder):
        return Writer(model.network.decoder, model.target.shape.num_symbols, 0)
    return Writer(model.network, model.alphabet.num_symbols, model.conditioner.channels)


def check_weights(model: nn.Module) -> None:
    """Refuse weights that are not float32."""
    for parameter in model.parameters():
        if parameter.dtype != torch.float32:
            name = str(parameter.dtype).removeprefix("torch.")
            raise Unsupported(f"the native engine needs float32 weights, but this model has {name}")


def _check_symbols(model: Any, writer: Writer) -> None:
    """Vectors of symbols are read as their scalars."""
    if model.alphabet.num_elements is not None and writer.network.takes_symbols:
        raise Unsupported(f"the native engine has no embedding of an alphabet '{model.alphabet.config.kind}'")


def _check_network(network: nn.Module) -> None:
    if type(network) not in NETWORKS:
        raise Unsupported(f"the native engine has no network {type(network).__name__}")


def _inputs(build: Builder, model: Any, writer: Writer) -> Values:
    """The network's input: symbols, or their scalars, from a table that includes the start symbol; or floats."""
    if writer.network.takes_symbols:
        return SYMBOLS
    num_elements = model.alphabet.num_elements or 1
    if writer.num_symbols == 0:
        return (build.floats("alphabet", num_elements),)
    scalars = model.alphabet.to_scalar(torch.arange(writer.num_symbols + 1))
    return (build.embed("alphabet", scalars[:, None], num_elements),)


def _network(build: Builder, network: Network, x: Values, condition: Values) -> int:
    (output,) = NETWORKS[type(network)](build, network, x, condition)
    return output


def _wavenet(build: Builder, network: WaveNet, x: Values, condition: Values) -> Values:
    x = build.layer(network.input, x)
    if network.context is not None:
        condition += build.layer(network.context, x)
    gated = build.layer(network.stack, x, condition)
    return build.layer(network.head, build.layer(network.skip, gated))


def _excitation(build: Builder, network: Excitation, x: Values, condition: Values) -> Values:
    _check_network(network.inner)
    return excitation(build, network, x, condition, NETWORKS[type(network.inner)])


def _sequential(build: Builder, network: ByteNet | TCN, x: Values, condition: Values) -> Values:
    x = build.layer(network.input, x, condition)
    return build.layer(network.head, build.layer(network.stack, x))


def _columns(build: Builder, network: ColumnDecoder, x: Values, condition: Values) -> Values:
    (value,) = build.layer(network.input, x, condition)
    x = (build.column("column", value, position="position"),)
    return build.layer(network.head, build.layer(network.stack, x))


def _serial(build: Builder, layer: layers.Serial, x: Values) -> Values:
    for part in layer.layers:
        x = build.layer(part, x)
    return x


def _embedding(build: Builder, layer: layers.Embedding, x: Values) -> Values:
    assert x == SYMBOLS, "an embedding reads symbols"
    return (build.embed(build.modules[layer], layer.table.weight),)


def _input(build: Builder, layer: layers.Inputs, x: Values, condition: Values) -> Values:
    x = build.layer(layer.symbols, x)
    if layer.condition is None:
        return x
    (value,) = x
    return (build.add(build.modules[layer], value, condition_sum(build, layer.condition, condition)),)


def _values(build: Builder, layer: layers.Values, x: Values, condition: Values = ()) -> Values:
    """Side by side, as one value that convolutions may keep the past of: a product with ones gives them exactly."""
    if not condition:
        return x
    parts = [build.read(value, torch.eye(build.read_channels(value))) for value in x + condition]
    return (build.conv(build.modules[layer], torch.block_diag(*parts)[:, None], None, x + condition),)


def _norm(build: Builder, layer: layers.LayerNorm, x: Values, activation: Activation = Activation.NONE) -> Values:
    return torch_norm(build, layer.norm, x, activation, build.modules[layer])


def _unit(build: Builder, layer: layers.MultiplicativeUnit, x: Values) -> Values:
    return causal_conv(build, layer.conv, x, activation=Activation.MULTIPLY)


def normed(build: Builder, layer: NormedConv1d, x: Values, **more: Any) -> Values:
    """A convolution of what is normed and rectified, with what `Builder.conv` may add to it."""
    return causal_conv(build, layer.conv, _norm(build, layer.norm, x, Activation.RELU), **more)


def _residual(build: Builder, layer: ReLUBlock | MUBlock, x: Values) -> Values:
    *parts, last = layer.inner.layers
    (stream,) = y = x
    for part in parts:
        y = build.layer(part, y)
    return normed(build, last, y, add=stream)


def _bytenet_head(build: Builder, layer: Head, x: Values) -> Values:
    return build.layer(layer.output, causal_conv(build, layer.hidden, x, activation=Activation.RELU))


def _temporal(build: Builder, layer: TemporalBlock, x: Values) -> Values:
    y = x
    for conv in (layer.first, layer.second):
        y = causal_conv(build, conv, y, activation=Activation.RELU)
    skipped = x if layer.skip is None else build.layer(layer.skip, x)
    (made,), (skip,) = y, skipped
    return (build.add(build.modules[layer], made, skip, Activation.RELU),)


def _hidden(build: Builder, layer: Hidden, x: Values) -> Values:
    return causal_conv(build, layer.conv, x, activation=Activation.RELU)


def _gated(build: Builder, layer: layers.GatedConv1d, x: Values, condition: Values = ()) -> Values:
    said = NONE if layer.condition is None else condition_sum(build, layer.condition, condition)
    return causal_conv(build, layer.conv, x, add=said, activation=Activation.GATE)


def _gated_stack(build: Builder, layer: layers.GatedStack, x: Values, condition: Values = ()) -> Values:
    first, *gates = layer.gates
    gated = _gated(build, first, x, condition)
    for residual, gate in zip(layer.residuals, gates, strict=True):
        (stream,) = x
        x = causal_conv(build, residual, gated[-1:], add=stream)
        gated += _gated(build, gate, x, condition)
    return gated


def _framed(build: Builder, layer: layers.Framed, x: Values) -> Values:
    name, (value,) = build.modules[layer], x
    (spoken,) = build.layer(layer.inner, (build.frame(name, value, layer.frame_size),))
    return (build.unframe(name, spoken),)


def _transformer(build: Builder, network: Transformer, x: Values, condition: Values) -> Values:
    return transformer(build, network, build.layer(network.input, x, condition))


def _decoder(decoder: Callable[[Builder, Any, Values], Values]) -> Callable[..., Values]:
    """A decoder, after its input layer."""

    def lowered(build: Builder, network: Any, x: Values, condition: Values) -> Values:
        return decoder(build, network, build.layer(network.input, x, condition))

    return lowered


NETWORKS: dict[type[Network], Callable[..., Values]] = {
    AttentiveDecoder: _decoder(attentive_decoder),
    ByteNet: _sequential,
    ColumnDecoder: _columns,
    Excitation: _excitation,
    TCN: _sequential,
    Transformer: _transformer,
    TransformerDecoder: _decoder(transformer_decoder),
    WaveNet: _wavenet,
    **pixel_rnns.NETWORKS,
    **pixelcnn_pp.NETWORKS,
    **pixels.NETWORKS,
    **recurrent.NETWORKS,
}

LAYERS: dict[type[nn.Module], Callable[..., Values]] = {
    Head: _bytenet_head,
    Hidden: _hidden,
    MUBlock: _residual,
    NormedConv1d: normed,
    ReLUBlock: _residual,
    TemporalBlock: _temporal,
    layers.CausalConv1d: causal_conv,
    layers.Embedding: _embedding,
    layers.Framed: _framed,
    layers.GatedConv1d: _gated,
    layers.GatedStack: _gated_stack,
    layers.Inputs: _input,
    layers.LayerNorm: _norm,
    layers.MultiplicativeUnit: _unit,
    layers.Serial: _serial,
    layers.Values: _values,
    layers.WeightNormConv1d: causal_conv,
    nn.Linear: linear,
    **pixel_rnns.LAYERS,
    **pixelcnn_pp.LAYERS,
    **pixels.LAYERS,
    **recurrent.LAYERS,
}


def emission_of(emission: emissions.Emission) -> format.Emission:
    """The emission as a model file describes it.

    Raises:
        Unsupported: the engine lacks it.
    """
    if type(emission) not in EMISSIONS:
        raise Unsupported(f"the native engine has no emission '{emission.config.kind}'")
    kind, config = EMISSIONS[type(emission)], emission.config
    if kind == EmissionKind.CATEGORICAL:
        return format.Emission(kind=kind)
    if kind == EmissionKind.BERNOULLI:
        return format.Emission(kind=kind, num_components=config.num_elements)
    scales = {"initial_scale": config.initial_scale, "scale_margin": config.scale_margin}
    if kind == EmissionKind.GAUSSIAN:
        return format.Emission(kind=kind, **scales)
    return format.Emission(kind=kind, num_components=config.num_components, **scales)


EMISSIONS: dict[type[emissions.Emission], EmissionKind] = {
    emissions.Bernoulli: EmissionKind.BERNOULLI,
    emissions.Categorical: EmissionKind.CATEGORICAL,
    emissions.CoupledLogistics: EmissionKind.COUPLED_LOGISTICS,
    emissions.MixtureOfLogistics: EmissionKind.MIXTURE_OF_LOGISTICS,
    emissions.MixtureOfGaussians: EmissionKind.MIXTURE_OF_GAUSSIANS,
    emissions.Gaussian: EmissionKind.GAUSSIAN,
}
