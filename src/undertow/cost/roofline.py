"""The roofline: the highest speed that a machine allows a model's steps.

Williams, Waterman & Patterson, "Roofline: an insightful visual performance model", 2009.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from undertow.models.autoregressive import Autoregressive
from undertow.native import lower, make_program
from undertow.native.engine import matrix_peak, read_bandwidth
from undertow.native.format import Graph, OpKind


@dataclass(frozen=True)
class StepCost:
    """The cost of one step.

    Attributes:
        num_bytes: of the weights it reads, each once, however many rows are stepped together.
        num_multiply_adds: of one row.
    """

    num_bytes: int
    num_multiply_adds: int


@dataclass(frozen=True)
class Roofline:
    """The most samples a second, of all rows, that memory and arithmetic allow: the lower of two bounds.

    - "bandwidth": every weight is read once a step, whatever the rows: read_bandwidth ÷ num_bytes · batch_size.
    - "compute": every row needs its multiply-adds: matrix_peak ÷ num_multiply_adds.

    An engine that reads the weights of past inputs once for several steps may exceed the first.

    Attributes:
        read_bandwidth: bytes a second that as many threads read repeatedly from memory as large as the weights.
        matrix_peak: multiply-adds a second that as many threads do in that precision, on values in registers.
    """

    cost: StepCost
    batch_size: int
    read_bandwidth: float
    matrix_peak: float

    @property
    def bounds(self) -> dict[str, float]:
        """Samples a second that each bound allows."""
        return {
            "bandwidth": self.read_bandwidth / self.cost.num_bytes * self.batch_size,
            "compute": self.matrix_peak / self.cost.num_multiply_adds,
        }

    @property
    def bound(self) -> str:
        """The name of the lower bound."""
        return min(self.bounds, key=self.bounds.__getitem__)

    @property
    def samples_per_second(self) -> float:
        """The lower of the two bounds."""
        return self.bounds[self.bound]


def step_cost(model: Autoregressive) -> StepCost:
    """The cost of a step of a model that is exported to the native engine.

    Raises:
        Unsupported: there is no compiled engine.
    """
    assert model.engine_file is not None
    return StepCost(make_program(model.engine_file).weight_bytes, multiply_adds(lower(model).graph))


def multiply_adds(graph: Graph) -> int:
    """Multiply-adds of a step of one row: the weights of its convolutions, and a share of those of slower ones."""
    total = 0.0
    for op in graph.ops:
        if op.kind == OpKind.CONV:
            total += graph.tensors[op.weight].array.size / _period(graph, graph.values[op.output].domain)
    return round(total)


def probes() -> tuple[Callable[[int, int], float], Callable[[str, int], float]]:
    """`read_bandwidth` and `matrix_peak`, each measured once for the same arguments."""
    return cache(read_bandwidth), cache(matrix_peak)


def _period(graph: Graph, domain: int) -> int:
    """Steps in a tick of a domain."""
    period = 1
    while domain != 0:
        period *= graph.domains[domain].period
        domain = graph.domains[domain].parent
    return period
