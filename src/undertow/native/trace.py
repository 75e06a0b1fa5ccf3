"""Compute the values of a float32 graph over a whole sequence, with torch, to measure their ranges for int8.

One function a kind of op, in `COMPUTE`. T ticks of a value's domain, C channels, P ticks of a parent in one of its
child, Y condition channels, S steps of a source.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from undertow.native import trace_clocks
from undertow.native.builder import float_of
from undertow.native.format import NONE, Activation, Graph, Op, OpKind
from undertow.native.format import Given as Part
from undertow.native.recurrent import loops
from undertow.native.taps import Taps, taps_of

NOTHING: Mapping[str, Tensor] = {}
ROUNDING = 1e-6  # by which the length of a stretched row may pass a whole number and still be it


class Given(NamedTuple):
    """What an op computes with.

    Attributes:
        symbols: (T,) int64.
        condition: (T or 1, Y); None if the model has none.
        ticks: of each domain, how many.
        made: values that are needed yet, (ticks, C).
        memory: of a decoder's source, leaves by name, (S, …) without padding.
        kept: of ops that repeat a value or keep cells, by their outputs, what they go on from (1 or more, C).
        tick: of a loop.
    """

    symbols: Tensor
    condition: Tensor | None
    ticks: list[int]
    made: dict[int, Tensor]
    memory: Mapping[str, Tensor]
    kept: dict[int, Tensor]
    tick: int = 0


def trace(
    graph: Graph,
    symbols: Tensor,
    condition: Tensor | None,
    memory: Mapping[str, Tensor] = NOTHING,
    first: Mapping[str, Tensor] = NOTHING,
) -> Iterator[tuple[int, Tensor]]:
    """Every value of a graph of float32 tensors and its ticks (T, C), in the order they are made.

    Args:
        symbols: (T,) int64, the start symbol first; of vectors (T, E), and of floats (T, C) float32. Of an encoder, a
            source's.
        condition: (T or 1, Y) float32; None if the model has none.
        memory: of a decoder's source, leaves by name, (S, …) float32 without padding.
        first: of a decoder's first state, leaves by name (1, …); what it lacks is as a graph says.
    """
    ticks = trace_clocks.ticks_of(graph, len(symbols))
    last = {read: index for index, op in enumerate(graph.ops) for read in (*op.inputs, op.add)}
    kept = {op.output: first[op.name] for op in graph.ops if op.name in first}
    given = Given(symbols, condition, ticks, {}, memory, kept)
    ends, looped = loops(graph), dict[int, Tensor]()
    for index, op in enumerate(graph.ops):
        if index in ends:
            looped |= _loop(graph, graph.ops[index : ends[index]], given)
        y = looped.pop(op.output) if op.output in looped else COMPUTE[op.kind](graph, op, given)
        given.made[op.output] = y
        yield op.output, y
        for read in (op.output, *op.inputs, op.add):
            if last.get(read, -1) <= index:  # nothing will read it any more
                given.made.pop(read, None)


def _loop(graph: Graph, ops: Sequence[Op], given: Given) -> dict[int, Tensor]:
    """What the ops of a loop make, tick by tick."""
    num_ticks = given.ticks[graph.values[ops[0].output].domain]
    outside = {read for op in ops for read in (*op.inputs, op.add)} & given.made.keys()
    made: dict[int, list[Tensor]] = {op.output: [torch.zeros(0, graph.values[op.output].channels)] for op in ops}
    for tick in range(num_ticks):
        now = given._replace(made={read: given.made[read][tick : tick + 1] for read in outside}, tick=tick)
        for op in ops:
            if op.kind == OpKind.CONV and taps_of(op).keeps:
                now.made[op.output] = _conv_at(graph, op, now, made[op.inputs[0]])
            else:
                now.made[op.output] = COMPUTE[op.kind](graph, op, now)
            made[op.output].append(now.made[op.output])
        for op in ops:
            if op.kind == OpKind.PREVIOUS:
                given.kept[op.output] = now.made[op.settings[0]]
    return {value: torch.cat(parts) for value, parts in made.items()}


def _embed(graph: Graph, op: Op, given: Given) -> Tensor:
    return _tensor(graph, op.weight)[given.symbols].flatten(1)


def _floats(graph: Graph, op: Op, given: Given) -> Tensor:
    return given.symbols


def _condition(graph: Graph, op: Op, given: Given) -> Tensor:
    assert given.condition is not None
    return given.condition.expand(len(given.symbols), -1)


def _conv(graph: Graph, op: Op, given: Given) -> Tensor:
    x = torch.cat([given.made[one] for one in op.inputs], dim=1)
    weight, taps = _tensor(graph, op.weight), taps_of(op)
    past = F.pad(x, (0, 0, taps.history, taps.forward))
    y = x.new_zeros(1, len(weight)) if op.bias == NONE else _tensor(graph, op.bias)
    if taps.phases > 1:
        y = _phases(past, weight, y, taps, len(x))
    else:
        for tap, lag in enumerate(taps.lags):
            seen = past[taps.history - lag :][: len(x)]
            if taps.width:
                inside = [taps.sees(tap, tick) for tick in range(len(x))]
                seen = seen * torch.tensor(inside)[:, None]
            y = torch.addmm(y, seen, weight[:, tap].T)
    return _activate(op.activation, y if op.add == NONE else y + given.made[op.add], x)


def _conv_at(graph: Graph, op: Op, given: Given, x: list[Tensor]) -> Tensor:
    """The same at one tick of a loop, from its inputs (1, C) up to this tick, behind an empty one."""
    weight, taps = _tensor(graph, op.weight), taps_of(op)
    y = given.made[op.inputs[0]].new_zeros(1, len(weight)) if op.bias == NONE else _tensor(graph, op.bias)[None]
    for tap, lag in enumerate(taps.lags):
        if lag <= given.tick and taps.sees(tap, given.tick):
            y = torch.addmm(y, x[given.tick + 1 - lag], weight[:, tap].T)
    return _activate(op.activation, y if op.add == NONE else y + given.made[op.add], x[-1])


def _phases(past: Tensor, weight: Tensor, bias: Tensor, taps: Taps, num_ticks: int) -> Tensor:
    """The sums (T, O) of a raster of phases, each with weights and biases of its own, from inputs (history + T, C)."""
    each, start = weight.unflatten(0, (taps.phases, -1)), bias.reshape(taps.phases, -1)
    y = start.new_empty(num_ticks, start.shape[1])
    for phase in range(taps.phases):
        ticks = [tick for tick in range(num_ticks) if taps.phase(tick) == phase]
        part = start[phase].expand(len(ticks), -1)
        for tap in range(len(taps.lags)):
            inside = torch.tensor([taps.sees(tap, tick) for tick in ticks])[:, None]
            seen = past[[taps.history + tick - max(0, taps.lag(tap, tick)) for tick in ticks]] * inside
            part = torch.addmm(part, seen, each[phase, :, tap].T)
        y[ticks] = part
    return y


def _norm(graph: Graph, op: Op, given: Given) -> Tensor:
    x = given.made[op.inputs[0]]
    weight, epsilon = _tensor(graph, op.weight), float_of(op.settings[0])
    bias = None if op.bias == NONE else _tensor(graph, op.bias)
    if not op.settings[1]:
        return _activate(op.activation, F.layer_norm(x, x.shape[1:], weight, bias, epsilon), x)
    made = F.rms_norm(x, x.shape[1:], weight, epsilon)
    return _activate(op.activation, made if bias is None else made + bias, x)


def _add(graph: Graph, op: Op, given: Given) -> Tensor:
    x = given.made[op.inputs[0]]
    return _activate(op.activation, x if op.add == NONE else x + given.made[op.add], x)


def _position(graph: Graph, op: Op, given: Given) -> Tensor:
    x = given.made[op.inputs[0]]
    return x * float_of(op.settings[0]) + _tensor(graph, op.weight)[: len(x)]


def _rotation(graph: Graph, op: Op, given: Given) -> Tensor:
    halves = np.array(op.settings[1:], dtype=np.uint32)
    angles = torch.arange(len(given.symbols))[:, None] * torch.from_numpy(halves.view(np.float64))
    return torch.cat([angles.cos(), angles.sin()], dim=1).float()


def _attention(graph: Graph, op: Op, given: Given) -> Tensor:
    """Whole, in torch's own kernels: (T, 3 C) to (T, C)."""
    num_heads, most, window = op.settings
    parts = given.made[op.inputs[0]].unflatten(1, (3, num_heads, -1)).transpose(0, 2)  # (H, 3, T, D)
    query, keys, values = parts.unbind(1)
    if len(op.inputs) > 1:
        cos, sin = given.made[op.inputs[1]].chunk(2, dim=1)
        query, keys = (_turned(part, cos, sin) for part in (query, keys))
    steps = torch.arange(query.shape[1])
    seen = steps <= steps[:, None]
    if window:
        seen &= steps > steps[:, None] - window
    return F.scaled_dot_product_attention(query, keys, values, seen).transpose(0, 1).flatten(1)


def _turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Pairs of channels half a head apart, turned by the angles of their steps: (H, T, D)."""
    first, second = x.chunk(2, dim=2)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=2)


def _concat_elu(graph: Graph, op: Op, given: Given) -> Tensor:
    x = given.made[op.inputs[0]]
    return F.elu(torch.cat([x, -x], dim=1))


def _product(graph: Graph, op: Op, given: Given) -> Tensor:
    a, b = (given.made[one] for one in op.inputs)
    return a * b


def _column(graph: Graph, op: Op, given: Given) -> Tensor:
    x = given.made[op.inputs[0]]
    columns = given.memory["columns"][: len(x)]
    return x + F.pad(columns, (0, 0, 0, len(x) - len(columns)))


def _previous(graph: Graph, op: Op, given: Given) -> Tensor:
    return given.kept[op.output] if op.output in given.kept else _first(graph, op)


def _lstm(graph: Graph, op: Op, given: Given) -> Tensor:
    if op.settings:
        return _lstm_of_raster(graph, op, given)
    states, cell = [], given.kept[op.output] if op.output in given.kept else _first(graph, op)
    for gates in given.made[op.inputs[0]].split(1):
        enter, forget, new, leave = gates.chunk(4, dim=1)
        cell = torch.sigmoid(forget) * cell + torch.sigmoid(enter) * torch.tanh(new)
        states.append(torch.sigmoid(leave) * torch.tanh(cell))
    given.kept[op.output] = cell
    return torch.cat(states)


def _lstm_of_raster(graph: Graph, op: Op, given: Given) -> Tensor:
    """At one tick of a loop, from the cells (lag, H) before it."""
    width, lag, columns = op.settings[0], op.settings[1], (op.settings[2] + 2**31) % 2**32 - 2**31
    cells = given.kept.get(op.output, torch.zeros(lag, graph.values[op.output].channels))
    enter, forget, new, leave = given.made[op.inputs[0]].chunk(4, dim=1)
    cell = cells[:1] if 0 <= given.tick % width + columns < width else torch.zeros_like(cells[:1])
    cell = torch.sigmoid(forget) * cell + torch.sigmoid(enter) * torch.tanh(new)
    given.kept[op.output] = torch.cat([cells[1:], cell])
    return torch.sigmoid(leave) * torch.tanh(cell)


def _gru(graph: Graph, op: Op, given: Given) -> Tensor:
    x, own, last = (given.made[one] for one in op.inputs)
    reset, update, new = x.chunk(3, dim=1)
    own_reset, own_update, own_new = own.chunk(3, dim=1)
    update, new = torch.sigmoid(update + own_update), torch.tanh(new + torch.sigmoid(reset + own_reset) * own_new)
    return new + update * (last - new)


def _first(graph: Graph, op: Op) -> Tensor:
    """What an op keeps before the first tick (1, C)."""
    return torch.zeros(1, graph.values[op.output].channels) if op.weight == NONE else _tensor(graph, op.weight)[None]


def _attend(graph: Graph, op: Op, given: Given) -> Tensor:
    """Of a source's keys and values (S, H, D), or of its keys and annotations (S, C)."""
    x, (kind, num_heads) = given.made[op.inputs[0]], op.settings
    if kind == 1:
        scores = torch.tanh(x[:, None] + given.memory["keys"]) @ _tensor(graph, op.weight)
        return scores.softmax(dim=-1) @ given.memory["annotations"]
    query = x.unflatten(1, (num_heads, -1)).transpose(0, 1)
    keys, values = (given.memory[f"{op.name}.{part}"].transpose(0, 1) for part in ("keys", "values"))
    return F.scaled_dot_product_attention(query, keys, values).transpose(0, 1).flatten(1)


def _recall(graph: Graph, op: Op, given: Given) -> Tensor:
    query, keys, x = (given.made[one] for one in op.inputs)
    vector, states = _tensor(graph, op.weight), []
    for step in range(len(x)):
        scores = torch.tanh(query[step] + keys[: step + 1]) @ vector
        states.append(scores.softmax(dim=0) @ x[: step + 1])
    return torch.stack(states)


def _mutual(graph: Graph, op: Op, given: Given) -> Tensor:
    parts = given.made[op.inputs[0]].unflatten(1, (3, op.settings[0], -1)).transpose(0, 2)  # (H, 3, T, D)
    return F.scaled_dot_product_attention(*parts.unbind(1)).transpose(0, 1).flatten(1)


def _reverse(graph: Graph, op: Op, given: Given) -> Tensor:
    return given.made[op.inputs[0]].flip(0)


def _stretch(graph: Graph, op: Op, given: Given) -> Tensor:
    x = given.made[op.inputs[0]]
    ratio, offset = np.array(op.settings, dtype=np.uint32).view(np.float64)
    return F.pad(x, (0, 0, 0, max(0, math.ceil(len(x) * ratio + offset - ROUNDING) - len(x))))


def _give(graph: Graph, op: Op, given: Given) -> Tensor:
    if op.settings[0] != Part.KEPT:
        return torch.cat([given.made[one] for one in op.inputs], dim=1)[: 1 if op.settings[0] == Part.FIRST else None]
    (keeper,) = (other for other in graph.ops if other.name == op.name and other.kind != OpKind.GIVE)
    return given.kept[keeper.output]


COMPUTE: dict[OpKind, Callable[[Graph, Op, Given], Tensor]] = {
    OpKind.EMBED: _embed,
    OpKind.CONDITION: _condition,
    OpKind.FLOATS: _floats,
    OpKind.CONV: _conv,
    OpKind.CONCAT_ELU: _concat_elu,
    OpKind.PRODUCT: _product,
    OpKind.NORM: _norm,
    OpKind.ADD: _add,
    OpKind.COLUMN: _column,
    OpKind.PREVIOUS: _previous,
    OpKind.LSTM: _lstm,
    OpKind.GRU: _gru,
    OpKind.POSITION: _position,
    OpKind.ROTATION: _rotation,
    OpKind.ATTENTION: _attention,
    OpKind.ATTEND: _attend,
    OpKind.RECALL: _recall,
    OpKind.MUTUAL: _mutual,
    OpKind.REVERSE: _reverse,
    OpKind.STRETCH: _stretch,
    OpKind.GIVE: _give,
    **trace_clocks.COMPUTE,
}


def _activate(activation: Activation, made: Tensor, x: Tensor) -> Tensor:
    """What an op of the input x makes in the end."""
    if activation == Activation.RELU:
        return F.relu(made)
    if activation == Activation.GATE:
        filtered, gate = made.chunk(2, dim=1)
        return torch.tanh(filtered) * torch.sigmoid(gate)
    if activation == Activation.MULTIPLY:
        *gates, u = made.chunk(4, dim=1)
        first, second, third = (torch.sigmoid(gate) for gate in gates)
        return first * torch.tanh(second * x + third * torch.tanh(u))
    if activation == Activation.TANH:
        return torch.tanh(made)
    if activation in (Activation.GELU, Activation.GELU_TANH):
        return F.gelu(made, approximate="tanh" if activation == Activation.GELU_TANH else "none")
    if activation == Activation.SWIGLU:
        gate, value = made.chunk(2, dim=1)
        return F.silu(gate) * value
    if activation == Activation.MAXOUT:
        return torch.maximum(*made.chunk(2, dim=1))
    if activation == Activation.ELU:
        return F.elu(made)
    if activation == Activation.GLU:
        return F.glu(made, dim=1)
    return made


def _tensor(graph: Graph, index: int) -> Tensor:
    return torch.from_numpy(graph.tensors[index].array)
