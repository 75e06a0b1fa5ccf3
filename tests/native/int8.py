"""What an int8 graph says, op by op in plain integers: the numbers the engine is held to.

T ticks, O output channels, I input channels, k taps.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from undertow.native.builder import float_of
from undertow.native.format import NONE, Activation, Graph, Op, OpKind, Type, clocks_of
from undertow.native.recurrent import loops
from undertow.native.taps import Taps, taps_of

Floats = NDArray[np.float32]


def says(graph: Graph, symbols: NDArray[np.int64], condition: Floats | None) -> Floats:
    """The emission's parameters (T, P) after symbols (T,), given (T or 1, Y)."""
    made: dict[int, Floats] = {}
    ticks = [len(symbols)]
    for number, domain in enumerate(graph.domains[1:], 1):
        parent, clock = ticks[domain.parent], clocks_of(graph)[number].kind
        if clock == OpKind.SHRINK:
            ticks.append(int(_squares(parent, clocks_of(graph)[number].settings[0]).sum()))
        elif clock == OpKind.ROW:
            ticks.append(-(-parent // domain.period) * domain.period)
        else:
            ticks.append(parent // domain.period * (domain.period if clock == OpKind.TURN else 1))
    kept: dict[int, Floats] = {}
    ends, looped = loops(graph), 0
    for index, op in enumerate(graph.ops):
        if index in ends:
            looped = ends[index]
            _loop(graph, graph.ops[index:looped], made, kept)
        if index >= looped:
            made[op.output] = _compute(graph, op, made, kept, symbols, condition, ticks)
    return made[graph.output]


def _loop(graph: Graph, ops: Sequence[Op], made: dict[int, Floats], kept: dict[int, Floats]) -> None:
    """Add what the ops of a loop make, tick by tick; a convolution sees all that it has read."""
    own = {op.output for op in ops}
    outside = {read for op in ops for read in (*op.inputs, op.add) if read != NONE} - own
    parts: dict[int, list[Floats]] = {value: [] for value in own}
    for tick in range(len(made[next(iter(outside))])):
        now = {value: made[value][tick : tick + 1] for value in outside}
        for op in ops:
            if op.kind == OpKind.CONV and taps_of(op).keeps:
                seen = {value: np.concatenate(parts[value]) for value in op.inputs}
                whole = np.zeros((tick + 1, graph.values[op.output].channels), np.float32)
                whole[-1] = 0 if op.add == NONE else now[op.add]
                now[op.output] = _compute(graph, op, {**now, **seen, op.add: whole}, kept)[-1:]
            else:
                now[op.output] = _compute(graph, op, now, kept)
            parts[op.output].append(now[op.output])
        kept |= {op.output: now[op.settings[0]] for op in ops if op.kind == OpKind.PREVIOUS}
    for value, ticks in parts.items():
        made[value] = np.concatenate(ticks) if ticks else np.zeros((0, graph.values[value].channels), np.float32)


def _compute(
    graph: Graph,
    op: Op,
    made: dict[int, Floats],
    kept: dict[int, Floats],
    symbols: NDArray[np.int64] | None = None,
    condition: Floats | None = None,
    ticks: Sequence[int] = (),
) -> Floats:
    """One op's output; `kept` has what ops go on from at the next tick."""
    value = graph.values[op.output]
    if op.kind == OpKind.EMBED:
        y = graph.tensors[op.weight].array[symbols]
    elif op.kind == OpKind.CONDITION:
        assert condition is not None and symbols is not None
        y = np.broadcast_to(condition, (len(symbols), condition.shape[1]))
    elif op.kind == OpKind.CONV:
        y = _activate(op.activation, _conv(graph, op, made), made[op.inputs[0]])
    elif op.kind == OpKind.NORM:
        y = _activate(op.activation, _norm(graph, op, made[op.inputs[0]].astype(np.float64)), made[op.inputs[0]])
    elif op.kind == OpKind.ADD:
        x = made[op.inputs[0]]
        y = _activate(op.activation, x if op.add == NONE else x + made[op.add], x)
    elif op.kind == OpKind.POSITION:
        x = made[op.inputs[0]]
        y = x * np.float32(float_of(op.settings[0])) + graph.tensors[op.weight].array[: len(x)]
    elif op.kind == OpKind.ROTATION:
        assert symbols is not None
        angles = np.arange(len(symbols))[:, None] * np.array(op.settings[1:], np.uint32).view(np.float64)
        y = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    elif op.kind == OpKind.ATTENTION:
        y = _attention(op, *(made[value].astype(np.float64) for value in op.inputs))
    elif op.kind == OpKind.RECALL:
        y = _recall(graph.tensors[op.weight].array, *(made[value].astype(np.float64) for value in op.inputs))
    elif op.kind == OpKind.FRAME:
        x = made[op.inputs[0]]
        y = x[: ticks[value.domain] * (value.channels // x.shape[1])].reshape(-1, value.channels)
    elif op.kind == OpKind.UNFRAME:
        x = made[op.inputs[0]].reshape(-1, value.channels)
        silence = made[op.inputs[0]].shape[1] // value.channels - 1
        y = np.concatenate([np.zeros((silence, value.channels), np.float32), x])[: ticks[value.domain]]
    elif op.kind == OpKind.TURN:
        y = _turned(made[op.inputs[0]][: ticks[value.domain]], graph.domains[value.domain].period)
    elif op.kind == OpKind.UNTURN:
        width = graph.domains[graph.values[op.inputs[0]].domain].period
        x = _turned(made[op.inputs[0]], width)
        y = np.concatenate([np.zeros((width, value.channels), np.float32), x, x[:width]])[: ticks[0]]
    elif op.kind == OpKind.ROW:
        width = graph.domains[value.domain].period
        y = np.concatenate([np.zeros((width, value.channels), np.float32), made[op.inputs[0]][1:]])
        y = y[: ticks[value.domain]]
    elif op.kind == OpKind.UNROW:
        y = made[op.inputs[0]][: ticks[value.domain]]
    elif op.kind == OpKind.SHRINK:
        x = made[op.inputs[0]]
        y = x[_squares(len(x), op.settings[0])]
    elif op.kind == OpKind.GROW:
        y = _grown(made[op.inputs[0]], ticks[value.domain], op.settings[0])
    elif op.kind == OpKind.CONCAT_ELU:
        x = made[op.inputs[0]].astype(np.float64)
        y = np.concatenate([np.where(one > 0, one, np.expm1(np.minimum(one, 0))) for one in (x, -x)], axis=1)
    elif op.kind == OpKind.PRODUCT:
        y = made[op.inputs[0]] * made[op.inputs[1]]
    else:
        y = _recurrent(graph, op, made, kept)
    return y.astype(np.float32)


def _recurrent(graph: Graph, op: Op, made: dict[int, Floats], kept: dict[int, Floats]) -> NDArray:
    """One tick of an op of a loop."""
    zeros = np.zeros((1, graph.values[op.output].channels), np.float32)
    last = kept.get(op.output, zeros if op.weight == NONE else graph.tensors[op.weight].array[None])
    if op.kind == OpKind.PREVIOUS:
        return last
    x = made[op.inputs[0]].astype(np.float64)
    if op.kind == OpKind.LSTM and op.settings:
        width, lag, columns = (np.array(op.settings, np.uint32).view(np.int32)).tolist()
        cells = kept.get(op.output, np.zeros((0, zeros.shape[1])))
        tick = len(cells)
        last = cells[tick - lag] if tick >= lag and 0 <= tick % width + columns < width else zeros
        enter, forget, new, leave = np.split(x, 4, axis=1)
        cell = _logistic(forget) * last + _logistic(enter) * np.tanh(new)
        kept[op.output] = np.concatenate([cells, cell])
        return _logistic(leave) * np.tanh(cell)
    if op.kind == OpKind.LSTM:
        enter, forget, new, leave = np.split(x, 4, axis=1)
        kept[op.output] = _logistic(forget) * last + _logistic(enter) * np.tanh(new)
        return _logistic(leave) * np.tanh(kept[op.output])
    assert op.kind == OpKind.GRU
    reset, update, new = np.split(x, 3, axis=1)
    own_reset, own_update, own_new = np.split(made[op.inputs[1]], 3, axis=1)
    new = np.tanh(new + _logistic(reset + own_reset) * own_new)
    return new + _logistic(update + own_update) * (made[op.inputs[2]] - new)


def _squares(num_ticks: int, width: int) -> NDArray[np.bool_]:
    """Whether a tick of a raster is the first of a square of two by two."""
    return np.array([tick // width % 2 == 0 and tick % width % 2 == 0 for tick in range(num_ticks)], bool)


def _grown(x: Floats, num_ticks: int, width: int) -> Floats:
    """Each tick's part of its square."""
    parts = x.reshape(-1, 2, 2, x.shape[1] // 4)
    pixels = [divmod(tick, width) for tick in range(num_ticks)]
    return np.array([parts[row // 2 * (width // 2) + column // 2, row % 2, column % 2] for row, column in pixels])


def _turned(x: Floats, width: int) -> Floats:
    """Whole rows of ticks, each from its end on."""
    return x.reshape(-1, width, x.shape[1])[:, ::-1].reshape(x.shape)


def _recall(vector: Floats, query: NDArray, keys: NDArray, x: NDArray) -> NDArray:
    """Of each tick, the mean of all inputs so far by the softmax of how well they answer it."""
    y = []
    for tick in range(len(x)):
        weights = np.exp(np.tanh(query[tick] + keys[: tick + 1]) @ vector)
        y.append(weights @ x[: tick + 1] / weights.sum())
    return np.stack(y)


def _conv(graph: Graph, op: Op, made: dict[int, Floats]) -> NDArray[np.float64]:
    weight = graph.tensors[op.weight]
    if weight.type == Type.INT8:
        x = np.concatenate([quantised(graph, value, made[value]) for value in op.inputs], axis=1)
        scale = graph.tensors[op.scale].array.astype(np.float64)
        y = _product(weight.array.astype(np.int64), x, taps_of(op)) * _by_phase(scale, len(x), taps_of(op))
    else:
        x = np.concatenate([made[value] for value in op.inputs], axis=1)
        y = _product(weight.array.astype(np.float64), x, taps_of(op))
    if op.bias != NONE:
        y = y + _by_phase(graph.tensors[op.bias].array, len(x), taps_of(op))
    if op.add != NONE:
        y = y.astype(np.float32) + made[op.add]
    return y.astype(np.float64)


def _by_phase(numbers: NDArray, num_ticks: int, taps: Taps) -> NDArray:
    """The numbers of each output at each tick, (T, O), of those of all phases."""
    return numbers.reshape(taps.phases, -1)[[taps.phase(tick) for tick in range(num_ticks)]]


def _norm(graph: Graph, op: Op, x: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = x if op.settings[1] else x - x.mean(axis=1, keepdims=True)
    normed = centred / np.sqrt(np.square(centred).mean(axis=1, keepdims=True) + float_of(op.settings[0]))
    return normed * graph.tensors[op.weight].array + (0 if op.bias == NONE else graph.tensors[op.bias].array)


def _attention(op: Op, given: NDArray[np.float64], *rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    num_heads, _, window = op.settings
    parts = np.moveaxis(given.reshape(len(given), 3, num_heads, -1), 0, 2)  # (3, H, T, D)
    for cos, sin in (np.split(angles, 2, axis=1) for angles in rotation):
        first, second = np.split(parts[:2], 2, axis=3)
        parts[:2] = np.concatenate([first * cos - second * sin, second * cos + first * sin], axis=3)
    query, keys, values = parts
    steps = np.arange(len(given))
    behind = steps[:, None] - steps
    scores = query @ keys.swapaxes(1, 2) / np.sqrt(query.shape[2])
    scores[:, (behind < 0) | (behind >= (window or len(given)))] = -np.inf
    weights = np.exp(scores - scores.max(axis=2, keepdims=True))
    return np.moveaxis(weights / weights.sum(axis=2, keepdims=True) @ values, 0, 1).reshape(len(given), -1)


def _activate(activation: Activation, made: NDArray, x: Floats) -> NDArray:
    if activation == Activation.RELU:
        return np.maximum(made, 0)
    if activation == Activation.TANH:
        return np.tanh(made)
    if activation == Activation.GATE:
        filtered, gate = np.split(made, 2, axis=1)
        return np.tanh(filtered) * _logistic(gate)
    if activation == Activation.MULTIPLY:
        first, second, third, u = np.split(made, 4, axis=1)
        return _logistic(first) * np.tanh(_logistic(second) * x + _logistic(third) * np.tanh(u))
    if activation == Activation.GELU:
        return made * 0.5 * (1 + np.vectorize(math.erf)(made * 0.5**0.5))
    if activation == Activation.GELU_TANH:
        return made * _logistic(np.sqrt(8 / np.pi) * (made + 0.044715 * made**3))
    if activation == Activation.SWIGLU:
        gate, value = np.split(made, 2, axis=1)
        return gate * _logistic(gate) * value
    if activation == Activation.GLU:
        filtered, gate = np.split(made, 2, axis=1)
        return filtered * _logistic(gate)
    return made


def _logistic(x: NDArray) -> NDArray:
    return 1 / (1 + np.exp(-x))


def quantised(graph: Graph, value: int, x: Floats) -> NDArray[np.int64]:
    """u - zero_point of a value's ticks (T, C)."""
    inverse = np.float32(1) / graph.tensors[graph.values[value].step].array
    zero_point = graph.values[value].zero_point
    return np.clip(np.rint(x * inverse).astype(np.int64) + zero_point, 0, 255) - zero_point


def _product(weight: NDArray, x: NDArray, taps: Taps) -> NDArray:
    """Σ_i W_i x[t - lag_i], (T, O), with zeros before the first tick and beyond the rows of a raster."""
    silence = np.zeros((taps.history, x.shape[1]), x.dtype)
    past = np.concatenate([silence, x, np.zeros((taps.forward, x.shape[1]), x.dtype)])
    each = weight.reshape(taps.phases, -1, *weight.shape[1:])
    y = np.zeros((len(x), each.shape[1]), np.result_type(x, weight))
    for tick in range(len(x)):
        for tap in range(len(taps.lags)):
            if taps.sees(tap, tick):
                y[tick] += each[taps.phase(tick), :, tap] @ past[taps.history + tick - taps.lag(tap, tick)]
    return y
