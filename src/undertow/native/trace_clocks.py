"""What ops make that go from one clock to another: frames, rows and squares of ticks; and how often each clock ticks.

Of the functions of `undertow.native.trace`, one a kind. P ticks of a parent in one of its child.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from undertow.native.format import Graph, Op, OpKind, clocks_of

if TYPE_CHECKING:
    from undertow.native.trace import Given


def ticks_of(graph: Graph, num_steps: int) -> list[int]:
    """Ticks of every domain in so many steps."""
    ticks, clocks = [num_steps], clocks_of(graph)
    for number, domain in enumerate(graph.domains[1:], 1):
        clock, parent = clocks[number], ticks[domain.parent]
        if clock.kind == OpKind.SHRINK:
            ticks.append(len(_squares(clock.settings[0], parent)))
        elif clock.kind == OpKind.ROW:
            ticks.append(-(-parent // domain.period) * domain.period)
        else:
            period = domain.period if clock.kind == OpKind.TURN else 1
            ticks.append(parent // domain.period * period)
    return ticks


def frame(graph: Graph, op: Op, given: "Given") -> Tensor:
    """Whole frames of ticks."""
    x, value = given.made[op.inputs[0]], graph.values[op.output]
    period, num_frames = value.channels // x.shape[1], given.ticks[value.domain]
    return x[: num_frames * period].reshape(num_frames, value.channels)


def unframe(graph: Graph, op: Op, given: "Given") -> Tensor:
    """The ticks of frames: zeros, then P of a frame from the tick on that made it whole."""
    x, value = given.made[op.inputs[0]], graph.values[op.output]
    period = x.shape[1] // value.channels
    ticks = [x.new_zeros(period - 1, value.channels), x.reshape(len(x) * period, value.channels)]
    return torch.cat(ticks)[: given.ticks[value.domain]]


def turn(graph: Graph, op: Op, given: "Given") -> Tensor:
    """Whole rows of ticks, each from its end on."""
    x, domain = given.made[op.inputs[0]], graph.values[op.output].domain
    whole = x[: given.ticks[domain]].unflatten(0, (-1, graph.domains[domain].period))
    return whole.flip(1).flatten(0, 1)


def unturn(graph: Graph, op: Op, given: "Given") -> Tensor:
    """Those rows from their beginnings on, a row later."""
    x = given.made[op.inputs[0]]
    width = graph.domains[graph.values[op.inputs[0]].domain].period
    rows = x.unflatten(0, (-1, width)).flip(1).flatten(0, 1)
    return F.pad(rows, (0, 0, width, width))[: given.ticks[0]]


def row(graph: Graph, op: Op, given: "Given") -> Tensor:
    """Rows of zeros, then of the pixels that ticks are late by one."""
    x, domain = given.made[op.inputs[0]], graph.values[op.output].domain
    width = graph.domains[domain].period
    return torch.cat([x.new_zeros(width, x.shape[1]), x[1:]])[: given.ticks[domain]]


def unrow(graph: Graph, op: Op, given: "Given") -> Tensor:
    """Of whole rows, as many ticks as the other clock has."""
    return given.made[op.inputs[0]][: given.ticks[graph.values[op.output].domain]]


def shrink(graph: Graph, op: Op, given: "Given") -> Tensor:
    """The ticks that begin a square."""
    x = given.made[op.inputs[0]]
    return x[_squares(op.settings[0], len(x))]


def _squares(width: int, num_ticks: int) -> Tensor:
    """Which ticks of a raster begin a square of two by two."""
    rows, columns = torch.arange(num_ticks) // width, torch.arange(num_ticks) % width
    return ((rows % 2 == 0) & (columns % 2 == 0)).nonzero()[:, 0]


def grow(graph: Graph, op: Op, given: "Given") -> Tensor:
    """Each tick's part of its square."""
    (width,), value = op.settings, graph.values[op.output]
    ticks = torch.arange(given.ticks[value.domain])
    rows, columns = ticks // width, ticks % width
    squares = given.made[op.inputs[0]].unflatten(1, (4, value.channels))
    return squares[rows // 2 * (width // 2) + columns // 2, rows % 2 * 2 + columns % 2]


COMPUTE: dict[OpKind, Callable[[Graph, Op, "Given"], Tensor]] = {
    OpKind.FRAME: frame,
    OpKind.UNFRAME: unframe,
    OpKind.TURN: turn,
    OpKind.UNTURN: unturn,
    OpKind.ROW: row,
    OpKind.UNROW: unrow,
    OpKind.SHRINK: shrink,
    OpKind.GROW: grow,
}
