"""Recurrent networks written as the engine's ops, and the loops of a graph.

The product with a layer's input has no loop: it is one convolution, of a block of steps at once. A layer's loop begins
with its last state and ends with its next one; between them is the product with the state, then the cell.
"""

from collections.abc import Callable

from torch import nn

from undertow.layers import Recurrent
from undertow.native.builder import Builder, Values
from undertow.native.convolutions import causal_conv, condition_sum
from undertow.native.format import NONE, Activation, Graph, OpKind
from undertow.networks import RNN, Network, SampleRNN
from undertow.networks.rnn_attention import RNNAttention
from undertow.networks.samplernn import Hidden, Levelled, Tier
from undertow.networks.seq2seq_rnn import StateDecoder


def _rnn(build: Builder, network: RNN | StateDecoder, x: Values, condition: Values) -> Values:
    x = build.layer(network.input, x, condition)
    return build.layer(network.head, build.layer(network.layers, x))


def _rnn_attention(build: Builder, network: RNNAttention, x: Values, condition: Values) -> Values:
    (states,) = build.layer(network.layers, build.layer(network.input, x, condition))
    layer = network.attention
    (query,), (key,) = (build.layer(part, (states,)) for part in (layer.query, layer.key))
    seen = build.recall(build.modules[layer], query, key, states, layer.vector, layer.capacity)
    hidden = causal_conv(build, network.hidden, (states, seen), activation=Activation.TANH)
    return build.layer(network.head, hidden)


def _samplernn(build: Builder, network: SampleRNN, x: Values, condition: Values) -> Values:
    values = x
    if isinstance(network.input, Levelled):
        name = build.modules[network.input]
        values = (build.embed(f"{name}.levels", network.input.levels),)
        x = (build.embed(name, network.input.table.weight),)
    (told,) = build.layer(network.tiers, build.layer(network.joined, values, condition))
    if network.condition is not None:
        told = build.add(build.modules[network], told, condition_sum(build, network.condition, condition))
    seen = causal_conv(build, network.window, x, add=told)
    return build.layer(network.head, seen)


def _tier(build: Builder, layer: Tier, x: Values) -> Values:
    told = NONE
    if layer.above is not None:
        (told,) = build.layer(layer.above, x)
    given = causal_conv(build, layer.input, x, add=told)
    return build.layer(layer.spread, lower_recurrent(build, layer.layers, given))


def _hidden(build: Builder, layer: Hidden, x: Values) -> Values:
    return causal_conv(build, layer.product, x, activation=Activation.RELU)


def lower_recurrent(build: Builder, layer: Recurrent, x: Values) -> Values:
    """Layers upon one another, by torch's equations: LSTM, GRU or the plain cell."""
    for index in range(layer.cell.num_layers):
        x = (_layer(build, layer, index, x),)
    return x


def _layer(build: Builder, layer: Recurrent, index: int, x: Values) -> int:
    name, cell = build.modules[layer], layer.cell
    first = dict(zip(layer.states, layer.initial[:, index], strict=True))
    starts = {part: start if layer.learned_start else None for part, start in first.items()}

    def product(kind: str, values: Values, add: int = NONE, activation: Activation = Activation.NONE) -> int:
        weight, bias = (getattr(cell, f"{part}_{kind}_l{index}") for part in ("weight", "bias"))
        return build.conv(f"{name}.cell.{kind}_l{index}", weight[:, None], bias, values, add=add, activation=activation)

    given = product("ih", x)
    last = build.previous(f"{name}.hidden_l{index}", cell.hidden_size, build.values[given].domain, starts["hidden"])
    if cell.mode == "LSTM":
        gates = product("hh", (last,), add=given)
        made = build.lstm(f"{name}.cell_l{index}", gates, starts["cell"])
    elif cell.mode == "GRU":
        made = build.gru(f"{name}.gru_l{index}", given, product("hh", (last,)), last)
    else:
        made = product("hh", (last,), add=given, activation=Activation.TANH)
    build.repeat(last, made)
    return made


def loops(graph: Graph) -> dict[int, int]:
    """Of the first op of each loop, one past its last: those between a repeated value's use and its making.

    Loops that overlap are one.
    """
    maker = {op.output: index for index, op in enumerate(graph.ops)}
    found: dict[int, int] = {}
    begin = end = 0
    for index, op in enumerate(graph.ops):
        if op.kind == OpKind.PREVIOUS:
            begin = index if index >= end else begin
            end = max(end, maker[op.settings[0]] + 1)
            found[begin] = end
    return found


NETWORKS: dict[type[Network], Callable[..., Values]] = {
    RNN: _rnn,
    RNNAttention: _rnn_attention,
    SampleRNN: _samplernn,
    StateDecoder: _rnn,
}

LAYERS: dict[type[nn.Module], Callable[..., Values]] = {
    Hidden: _hidden,
    Recurrent: lower_recurrent,
    Tier: _tier,
}
