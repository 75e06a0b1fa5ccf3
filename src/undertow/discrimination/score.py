"""The ABX error of frames: how often a sound is nearer to one of another kind than to one of its own.

The error of a cell of A, B and X is 1 - mean[d(a, x) < d(b, x)] - mean[d(a, x) = d(b, x)] / 2; no item is paired with
itself. The error of all is a mean of means: over contexts and speakers of X, then over speakers, then over ordered
pairs of phones. 0 is perfect, 1/2 is chance.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from undertow.callbacks import OnProgress
from undertow.discrimination.cells import Comparison, Group
from undertow.discrimination.distances import Warped


@dataclass(frozen=True)
class Cell:
    """The error of one cell.

    Attributes:
        phone, other: what A and X are, and what B is.
        before, after: their context; empty for any.
        speaker, x_speaker: of A and B, and of X.
        size: number of triples.
        error: from 0 to 1.
    """

    phone: str
    other: str
    before: str
    after: str
    speaker: str
    x_speaker: str
    size: int
    error: float


@dataclass(frozen=True)
class Discrimination:
    """The cells of a set of items.

    Attributes:
        cells: in the order of their contexts, speakers and phones.
        num_items: number of items that were read.
        settings: those that the error depends on, by name.
    """

    cells: Sequence[Cell]
    num_items: int
    settings: Mapping[str, str | float | bool | None]

    @cached_property
    def pairs(self) -> dict[tuple[str, str], float]:
        """The error of each ordered pair of phones: a mean over speakers of means over contexts and speakers of X."""
        found: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for cell in self.cells:
            found[cell.phone, cell.other][cell.speaker].append(cell.error)
        return {pair: mean([mean(one) for one in speakers.values()]) for pair, speakers in sorted(found.items())}

    @property
    def error(self) -> float:
        """The collapsed score, from 0 to 1: the mean over pairs of phones."""
        return mean([*self.pairs.values()])

    @property
    def num_triples(self) -> int:
        """Comparisons of three items."""
        return sum(cell.size for cell in self.cells)


def cells_of(comparisons: Sequence[Comparison], warped: Warped, progress: OnProgress) -> Iterator[Cell]:
    """The error of every cell.

    Args:
        warped: the items' frames, in the order of their numbers.
        progress: called with how many comparisons are done, and how many there are.
    """
    for number, one in enumerate(comparisons):
        progress(number, len(comparisons))
        own = warped.between(one.x.members, one.a.members)
        others = [member for b in one.others for member in b.members]
        foreign = warped.between(one.x.members, others)
        nearer = [np.sort(np.delete(row, place)) if one.within else np.sort(row) for place, row in enumerate(own)]
        start = 0
        for b in one.others:
            stop = start + len(b.members)
            yield _cell(one, b, nearer, foreign[:, start:stop])
            start = stop
    progress(len(comparisons), len(comparisons))


def _cell(one: Comparison, b: Group, own: Sequence[np.ndarray], foreign: np.ndarray) -> Cell:
    """The cell of one B: `own` are the sorted distances of each X from A, `foreign` (X, B) those from B."""
    halves = sum(
        int(np.searchsorted(near, far, "left").sum() + np.searchsorted(near, far, "right").sum())
        for near, far in zip(own, foreign, strict=True)
    )  # a smaller distance counts two, an equal one counts one
    size = sum(map(len, own)) * len(b.members)
    a, x = one.a, one.x
    return Cell(a.phone, b.phone, a.before, a.after, a.speaker, x.speaker, size, (2 * size - halves) / (2 * size))


def mean(values: Sequence[float]) -> float:
    """The mean of numbers, in their order."""
    return sum(values) / len(values)
