"""Validation: the averaged model's loss, figures and measure on held-out batches."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

import numpy as np
import torch

from undertow.batch import Batch
from undertow.errors import DataError, counted
from undertow.models.examined import Examined
from undertow.models.model import Model
from undertow.training.averaging import WeightAverage
from undertow.training.distributed import World
from undertow.training.forward import Forward
from undertow.training.means import Means, Totals
from undertow.training.measure import Measure, Measured
from undertow.training.report import figures_text


@dataclass(frozen=True)
class Validated:
    """The result of one validation.

    Attributes:
        loss: the mean over every held-out term.
        cost: the loss, or the measure's cost; of two validations the one with the lower cost is better.
        figures: other numbers by name, the model's and the measure's.
        text: the measure, if there is one, and the loss, in words.
        examined: what the model found out about itself; `figures` has its numbers too.
    """

    loss: float
    cost: float
    figures: Mapping[str, float]
    text: str
    examined: Examined = field(default_factory=Examined)

    @property
    def line(self) -> str:
        """The text, and the figures that the model's own lines do not tell."""
        own = self.examined.figures
        return self.text + figures_text({name: value for name, value in self.figures.items() if name not in own})


class Validation:
    """Validates a model that is being trained.

    Attributes:
        batches: held-out batches, the same in every process; each takes a part of them. There may be none.
        on_validation: called by the first process with the averaged model and the step, after step 0.
        measure: judges validations instead of the loss; called by the first process.
        limit: called once, early in the first validation, with about the seconds that it takes and the number of its
            batches; it gives the number to use from then on, or None for all.
    """

    def __init__(
        self,
        model: Model,
        forward: Forward,
        average: WeightAverage | None,
        batches: Sequence[Batch],
        world: World,
        on_validation: Callable[[Model, int], None] | None = None,
        measure: Measured | None = None,
        seed: int = 0,
    ) -> None:
        self.model, self.forward, self.average, self.world = model, forward, average, world
        self.batches, self.on_validation, self.measure = batches, on_validation, measure
        self.seed = seed
        self.limit: Callable[[float, int], int | None] | None = None

    def keep(self, count: int) -> None:
        """Use only `count` of the batches, drawn by the seed."""
        order = np.random.default_rng([self.seed, 5]).permutation(len(self.batches))
        self.batches = [self.batches[place] for place in sorted(order[:count].tolist())]

    def run(self, step: int, examines: bool = True) -> tuple[Validated | None, float]:
        """Validate after update `step`; returns the result (None without batches) and the seconds it took.

        Args:
            examines: whether the model finds out about itself, which takes several times as long as its loss.
        """
        began = time.perf_counter()
        with nullcontext() if self.average is None else self.average.applied():
            self.model.eval()
            found = self._judged(examines) if self.batches else None
            if self.on_validation is not None and self.world.is_first and step:
                self.on_validation(self.model, step)
        self.model.train()
        return found, time.perf_counter() - began

    def _judged(self, examines: bool) -> Validated:
        means, measured = self._means(), self._measured()
        examined = self._examined() if examines else Examined()
        text, figures = self.model.loss_text(means.loss), {**means.figures, **examined.figures}
        if measured is None:
            return Validated(means.loss, means.loss, figures, text, examined)
        figures |= measured.figures
        return Validated(means.loss, measured.cost, figures, f"{measured.text}, {text}", examined)

    def _measured(self) -> Measure | None:
        """The first process's measure, in every process; None without one."""
        if self.measure is None:
            return None
        return self.world.broadcast(self.measure(self.model) if self.world.is_first else None)

    @torch.no_grad()
    def _examined(self) -> Examined:
        """What the model finds over all held-out batches, in every process. A sharded model is not examined."""
        sums: dict[str, torch.Tensor] = {}
        for first in range(0, 0 if self.forward.is_sharded else len(self.batches), self.world.size):
            index = first + self.world.rank
            found = self.forward.examine(self.batches[min(index, len(self.batches) - 1)])
            if not found:
                break
            for name, one in found.items():
                counted = one if index < len(self.batches) else torch.zeros_like(one)
                sums[name] = sums[name] + counted if name in sums else counted
        if not sums:
            return Examined()
        return self.model.examined({name: self.world.total(sums[name]).cpu() for name in sorted(sums)})

    @torch.no_grad()
    def _means(self) -> Means:
        """The means over every held-out term. Every process takes a share, and all make equally many calls."""
        totals, size = Totals(), self.world.size
        for first in range(0, len(self.batches), size):
            index, began = first + self.world.rank, time.perf_counter()
            loss = self.forward(self.batches[min(index, len(self.batches) - 1)])
            total = float(loss.value) * int(loss.num_terms)
            totals.add(loss, total, counts=index < len(self.batches))
            if first == size and self.limit is not None:  # the first batch of each process warms up
                limit, self.limit = self.limit, None
                if not self.forward.is_sharded:
                    self.forward.examine(self.batches[min(index, len(self.batches) - 1)])  # as `_examined` will
                seconds = (time.perf_counter() - began) * len(self.batches) / size
                count = self.world.broadcast(limit(seconds, len(self.batches)))
                if count is not None:
                    self.keep(count)
                    return self._means()
        means = totals.mean(self.world)
        if not means.num_terms:
            raise DataError(
                f"nothing of {counted(len(self.batches), 'held-out batch')} can be predicted, so "
                "no validation could judge the model; give longer sequences, or more of them"
            )
        return means
