"""Validation: the averaged model's loss, figures and measure on held-out batches."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch

from undertow.batch import Batch
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
    """

    loss: float
    cost: float
    figures: Mapping[str, float]
    text: str

    @property
    def line(self) -> str:
        """The text and the figures."""
        return self.text + figures_text(self.figures)


class Validation:
    """Validates a model that is being trained.

    Attributes:
        batches: held-out batches, the same in every process; each takes a part of them. There may be none.
        on_validation: called by the first process with the averaged model and the step, after step 0.
        measure: judges validations instead of the loss; called by the first process.
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
    ) -> None:
        self.model, self.forward, self.average, self.world = model, forward, average, world
        self.batches, self.on_validation, self.measure = batches, on_validation, measure

    def run(self, step: int) -> tuple[Validated | None, float]:
        """Validate after update `step`; returns the result (None without batches) and the seconds it took."""
        began = time.perf_counter()
        with nullcontext() if self.average is None else self.average.applied():
            self.model.eval()
            found = self._judged() if self.batches else None
            if self.on_validation is not None and self.world.is_first and step:
                self.on_validation(self.model, step)
        self.model.train()
        return found, time.perf_counter() - began

    def _judged(self) -> Validated:
        means, measured = self._means(), self._measured()
        text = self.model.loss_text(means.loss)
        if measured is None:
            return Validated(means.loss, means.loss, means.figures, text)
        figures = {**means.figures, **measured.figures}
        return Validated(means.loss, measured.cost, figures, f"{measured.text}, {text}")

    def _measured(self) -> Measure | None:
        """The first process's measure, in every process; None without one."""
        if self.measure is None:
            return None
        return self.world.broadcast(self.measure(self.model) if self.world.is_first else None)

    @torch.no_grad()
    def _means(self) -> Means:
        """The means over every held-out term. Every process takes a share, and all make equally many calls."""
        totals = Totals()
        for first in range(0, len(self.batches), self.world.size):
            index = first + self.world.rank
            loss = self.forward(self.batches[min(index, len(self.batches) - 1)])
            total = float(loss.value) * int(loss.num_terms)
            totals.add(loss, total, counts=index < len(self.batches))
        return totals.mean(self.world)
