"""What an int8 graph says, op by op in plain integers: the numbers the engine is held to.

T ticks, O output channels, I input channels, k taps.
"""

import numpy as np
from numpy.typing import NDArray

from undertow.native.builder import float_of
from undertow.native.format import NONE, Activation, Graph, Op, OpKind, Type
from undertow.native.taps import Taps, taps_of

Floats = NDArray[np.float32]


def says(graph: Graph, symbols: NDArray[np.int64], condition: Floats | None) -> Floats:
    """The emission's parameters (T, P) after symbols (T,), given (T or 1, Y)."""
    made: dict[int, Floats] = {}
    ticks = [len(symbols)]
    for domain in graph.domains[1:]:
        ticks.append(ticks[domain.parent] // domain.period)
    for op in graph.ops:
        value = graph.values[op.output]
        if op.kind == OpKind.EMBED:
            y = graph.tensors[op.weight].array[symbols]
        elif op.kind == OpKind.CONDITION:
            assert condition is not None
            y = np.broadcast_to(condition, (len(symbols), condition.shape[1]))
        elif op.kind == OpKind.CONV:
            y = _activate(op.activation, _conv(graph, op, made), made[op.inputs[0]])
        elif op.kind == OpKind.NORM:
            y = _activate(op.activation, _norm(graph, op, made[op.inputs[0]].astype(np.float64)), made[op.inputs[0]])
        elif op.kind == OpKind.ADD:
            y = _activate(op.activation, made[op.inputs[0]] + made[op.add], made[op.inputs[0]])
        elif op.kind == OpKind.FRAME:
            x = made[op.inputs[0]]
            y = x[: ticks[value.domain] * (value.channels // x.shape[1])].reshape(-1, value.channels)
        else:
            x = made[op.inputs[0]].reshape(-1, value.channels)
            silence = made[op.inputs[0]].shape[1] // value.channels - 1
            y = np.concatenate([np.zeros((silence, value.channels), np.float32), x])[: ticks[value.domain]]
        made[op.output] = y.astype(np.float32)
    return made[graph.output]


def _conv(graph: Graph, op: Op, made: dict[int, Floats]) -> NDArray[np.float64]:
    weight = graph.tensors[op.weight]
    if weight.type == Type.INT8:
        x = np.concatenate([quantised(graph, value, made[value]) for value in op.inputs], axis=1)
        y = _product(weight.array.astype(np.int64), x, taps_of(op)) * graph.tensors[op.scale].array.astype(np.float64)
    else:
        x = np.concatenate([made[value] for value in op.inputs], axis=1)
        y = _product(weight.array.astype(np.float64), x, taps_of(op))
    if op.bias != NONE:
        y = y + graph.tensors[op.bias].array
    if op.add != NONE:
        y = y.astype(np.float32) + made[op.add]
    return y.astype(np.float64)


def _norm(graph: Graph, op: Op, x: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = x if op.settings[1] else x - x.mean(axis=1, keepdims=True)
    normed = centred / np.sqrt(np.square(centred).mean(axis=1, keepdims=True) + float_of(op.settings[0]))
    return normed * graph.tensors[op.weight].array + (0 if op.bias == NONE else graph.tensors[op.bias].array)


def _activate(activation: Activation, made: NDArray, x: Floats) -> NDArray:
    if activation == Activation.RELU:
        return np.maximum(made, 0)
    if activation == Activation.GATE:
        filtered, gate = np.split(made, 2, axis=1)
        return np.tanh(filtered) * _logistic(gate)
    if activation == Activation.MULTIPLY:
        first, second, third, u = np.split(made, 4, axis=1)
        return _logistic(first) * np.tanh(_logistic(second) * x + _logistic(third) * np.tanh(u))
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
    past = np.concatenate([np.zeros((taps.history, x.shape[1]), x.dtype), x])
    width = max(1, taps.width)
    y = np.zeros((len(x), len(weight)), np.result_type(x, weight))
    for tap, lag in enumerate(taps.lags):
        inside = np.array([taps.sees(tap, tick % width) for tick in range(len(x))], bool)
        y += (past[taps.history - lag :][: len(x)] * inside[:, None]) @ weight[:, tap].T
    return y
