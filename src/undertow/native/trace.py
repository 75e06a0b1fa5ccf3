"""Compute the values of a float32 graph over a whole sequence, with torch, to measure their ranges for int8.

T ticks of a value's domain, C channels, P ticks of a parent in one of its child, Y condition channels.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from undertow.native.format import NONE, NORM_EPSILON, Activation, Graph, Op, OpKind


def trace(graph: Graph, symbols: Tensor, condition: Tensor | None) -> Iterator[tuple[int, Tensor]]:
    """Every value of a graph of float32 tensors and its ticks (T, C), in the order they are made.

    Args:
        symbols: (T,) int64, the start symbol first.
        condition: (T or 1, Y) float32; None if the model has none.
    """
    ticks = _ticks(graph, len(symbols))
    last = {read: index for index, op in enumerate(graph.ops) for read in (*op.inputs, op.add)}
    made: dict[int, Tensor] = {}
    for index, op in enumerate(graph.ops):
        if op.kind == OpKind.EMBED:
            y = _tensor(graph, op.weight)[symbols]
        elif op.kind == OpKind.CONDITION:
            assert condition is not None
            y = condition.expand(len(symbols), -1)
        elif op.kind == OpKind.CONV:
            x = torch.cat([made[one] for one in op.inputs], dim=1)
            y = _convolve(graph, op, x)
            y = _activate(op.activation, y if op.add == NONE else y + made[op.add], x)
        elif op.kind == OpKind.NORM:
            x = made[op.inputs[0]]
            scale = _tensor(graph, op.weight), _tensor(graph, op.bias)
            y = _activate(op.activation, F.layer_norm(x, x.shape[1:], *scale, NORM_EPSILON), x)
        elif op.kind == OpKind.ADD:
            x = made[op.inputs[0]]
            y = _activate(op.activation, x + made[op.add], x)
        else:
            value = graph.values[op.output]
            y = _regroup(made[op.inputs[0]], ticks[value.domain], value.channels, op.kind)
        made[op.output] = y
        yield op.output, y
        for read in (op.output, *op.inputs, op.add):
            if last.get(read, -1) <= index:  # nothing will read it any more
                made.pop(read, None)


def _ticks(graph: Graph, num_steps: int) -> list[int]:
    """Ticks of every domain in so many steps."""
    ticks = [num_steps]
    for domain in graph.domains[1:]:
        ticks.append(ticks[domain.parent] // domain.period)
    return ticks


def _convolve(graph: Graph, op: Op, x: Tensor) -> Tensor:
    weight = _tensor(graph, op.weight)
    past = F.pad(x, (0, 0, (op.kernel_size - 1) * op.dilation, 0))
    y = x.new_zeros(1, len(weight)) if op.bias == NONE else _tensor(graph, op.bias)
    for tap in range(op.kernel_size):
        y = torch.addmm(y, past[tap * op.dilation :][: len(x)], weight[:, tap].T)
    return y


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
    return made


def _regroup(x: Tensor, num_ticks: int, channels: int, kind: OpKind) -> Tensor:
    """Whole frames of ticks, or the ticks of frames: zeros, then P of a frame from the tick on that made it whole."""
    if kind == OpKind.FRAME:
        period = channels // x.shape[1]
        return x[: num_ticks * period].reshape(num_ticks, channels)
    period = x.shape[1] // channels
    return torch.cat([x.new_zeros(period - 1, channels), x.reshape(len(x) * period, channels)])[:num_ticks]


def _tensor(graph: Graph, index: int) -> Tensor:
    return torch.from_numpy(graph.tensors[index].array)
