"""The score of each sequence by itself, and those that stand out as unlike the data that a model was trained on."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from undertow.files import atomic_write

FAR = 5.0  # robust standard deviations above the median
NORMAL = 1.4826  # standard deviations of normally distributed numbers, in median absolute deviations
LEAST = 0.1  # of the median: however alike the others are, less than this above it is not far
COLUMNS = ("name", "num_symbols", "nats", "bits_per_symbol")


class SequenceScore(NamedTuple):
    """One sequence: its name, its symbols, or steps, and their -ln p in all."""

    name: str
    num_symbols: int
    nats: float

    @property
    def bits_per_symbol(self) -> float:
        """-log2 p ÷ symbols."""
        return self.nats / math.log(2) / self.num_symbols


def ranked(scores: Iterable[SequenceScore]) -> list[SequenceScore]:
    """The least probable first, by bits a symbol."""
    return sorted(scores, key=lambda one: (-one.bits_per_symbol, one.name))


def outliers(scores: Sequence[SequenceScore]) -> list[SequenceScore]:
    """Those that lie far above the median of all, by bits a symbol, the farthest first.

    Far is more than `FAR` robust standard deviations (1.4826 · the median absolute deviation), and more than `LEAST` of
    the median: neither is moved by the outliers themselves, and sequences that are all alike have none.
    """
    if not scores:
        return []
    bits = [one.bits_per_symbol for one in scores]
    middle = median(bits)
    deviation = NORMAL * median(abs(one - middle) for one in bits)
    least = middle + max(FAR * deviation, LEAST * abs(middle))
    return [one for one in ranked(scores) if one.bits_per_symbol > least]


def write_scores(path: Path, scores: Iterable[SequenceScore]) -> None:
    """A CSV file with a line for each sequence, the least probable first.

    Raises:
        DataError: it cannot be written.
    """
    buffer = io.StringIO(newline="")
    table = csv.writer(buffer, lineterminator="\n")
    table.writerow(COLUMNS)
    for one in ranked(scores):
        table.writerow([one.name, one.num_symbols, f"{one.nats:.6f}", f"{one.bits_per_symbol:.6f}"])
    with atomic_write(path) as temporary:
        temporary.write_text(buffer.getvalue(), encoding="utf-8")
