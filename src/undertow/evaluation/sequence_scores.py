"""The score of each sequence by itself, and those that stand out as unlike the data that a model was trained on."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from undertow.files import atomic_write

FAR = 3.0  # standard deviations above the mean
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
    """Those whose bits a symbol are more than `FAR` standard deviations above the mean of all, the farthest first."""
    bits = [one.bits_per_symbol for one in scores]
    mean = sum(bits) / max(1, len(bits))
    deviation = math.sqrt(sum((one - mean) ** 2 for one in bits) / max(1, len(bits)))
    return [one for one in ranked(scores) if one.bits_per_symbol > mean + FAR * deviation and deviation > 0]


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
