"""Means of losses and figures over the terms of many batches and all processes."""

from collections.abc import Mapping
from typing import NamedTuple

from undertow.models.loss import Loss
from undertow.training.distributed import World


class Means(NamedTuple):
    """A loss, and figures by name: means over `num_terms` terms."""

    loss: float
    figures: Mapping[str, float]
    num_terms: float


class Totals:
    """Sums over this process's batches."""

    def __init__(self) -> None:
        self._total, self._num_terms = 0.0, 0
        self._figures: dict[str, float] | None = None

    def add(self, loss: Loss, total: float, counts: bool = True) -> None:
        """Add a batch.

        Args:
            total: the sum of its terms.
            counts: False for a batch that another process adds; this one notes only the names of its figures.
        """
        figures = {name: float(loss.figures[name]) for name in sorted(loss.figures)}
        if self._figures is None:
            self._figures = dict.fromkeys(figures, 0.0)
        assert figures.keys() == self._figures.keys(), "a model must name the same figures in every batch"
        if counts:
            num_terms = int(loss.num_terms)
            self._total, self._num_terms = self._total + total, self._num_terms + num_terms
            for name, value in figures.items():
                self._figures[name] += value * num_terms

    def mean(self, world: World) -> Means:
        """The means over the batches of all processes, in every process; zero if there are no terms."""
        named = self._figures or {}
        total, num_terms, *figures = world.sum([self._total, self._num_terms, *named.values()])
        number = max(1.0, num_terms)
        means = {name: value / number for name, value in zip(named, figures, strict=True)}
        return Means(total / number, means, num_terms)
