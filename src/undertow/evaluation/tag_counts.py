"""Count chunks and boundaries that a labelling has and should have: what F1 is made of.

T steps.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from undertow.data.tag_schemes import Scheme, chunks, strict_chunks


@dataclass(frozen=True)
class Found:
    """How many chunks, or other things, are true, were found, and were found rightly."""

    true: int = 0
    found: int = 0
    right: int = 0

    def __add__(self, other: "Found") -> "Found":
        return Found(self.true + other.true, self.found + other.found, self.right + other.right)

    @property
    def precision(self) -> float:
        """Share of those found that are right; 0 if none was found."""
        return self.right / max(1, self.found)

    @property
    def recall(self) -> float:
        """Share of the true ones that were found; 0 if there are none."""
        return self.right / max(1, self.true)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.right / max(1, self.true + self.found)


def chunk_tally(true: Sequence[str], said: Sequence[str], scheme: Scheme | None = None) -> dict[str, Found]:
    """By kind, the chunks of one sequence that are true, found, and right: from first to last step, and in kind.

    Args:
        scheme: count only chunks that keep to its rules; None: as conlleval counts.
    """
    one, other = (chunks(tags) if scheme is None else strict_chunks(tags, scheme) for tags in (true, said))
    both = Counter(kind for _, _, kind in set(one) & set(other))
    mine, theirs = Counter(kind for _, _, kind in one), Counter(kind for _, _, kind in other)
    return {kind: Found(mine[kind], theirs[kind], both[kind]) for kind in sorted({*mine, *theirs})}


def boundaries(labels: np.ndarray, told: np.ndarray) -> np.ndarray:
    """The steps at which a label differs from the one before, where both are labelled: places in (T,)."""
    return 1 + np.flatnonzero((labels[1:] != labels[:-1]) & told[1:] & told[:-1])


def matched(true: Sequence[float | int], found: Sequence[float | int], collar: float | int) -> int:
    """The most pairs of one true and one found place that are at most `collar` apart, each place in one pair."""
    number = place = 0
    for one in true:
        while place < len(found) and found[place] < one - collar:
            place += 1
        if place < len(found) and found[place] <= one + collar:
            number, place = number + 1, place + 1
    return number
