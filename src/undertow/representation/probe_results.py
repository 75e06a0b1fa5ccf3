"""What probes found: a row for each representation and kind of probe, and a file of them."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from undertow.files import atomic_write

RIGHT, OFF = "% right", "dB off"
COLUMNS = ("features", "point", "probe", "target", "measure", "mean", "spread", "chance", "seeds", "train", "test")


class ProbeRow(NamedTuple):
    """What one kind of probe finds in one representation.

    Attributes:
        features: a model, "mfcc", "fbank" or a folder.
        point: of the model; "" of others.
        probe: "linear" or "mlp".
        target: what was to be found.
        measure: "% right", or for a spectrum "dB off", the root of the mean squared error.
        mean: over the seeds.
        spread: standard deviation over the seeds, 0 of one.
        chance: of a guess without looking: the commonest class of the training data, or its mean.
        scores: of each seed.
        num_train, num_test: recordings, or frames if each has a target, of the first seed.
    """

    features: str
    point: str
    probe: str
    target: str
    measure: str
    mean: float
    spread: float
    chance: float
    scores: tuple[float, ...]
    num_train: int
    num_test: int


@dataclass(frozen=True)
class Probed:
    """The rows of all representations, notes for the user, and wall-clock seconds."""

    rows: tuple[ProbeRow, ...]
    notes: tuple[str, ...]
    seconds: float

    def row(self, at: str, probe: str = "linear") -> ProbeRow:
        """The row of a point of the model, or of "mfcc" or "fbank".

        Raises:
            KeyError: there is none.
        """
        for one in self.rows:
            if at == (one.point or one.features) and probe == one.probe:
                return one
        raise KeyError(at, probe)


def write_table(path: Path, rows: Sequence[ProbeRow]) -> None:
    """A CSV file with a line for each row.

    Raises:
        DataError: it cannot be written.
    """
    buffer = io.StringIO(newline="")
    table = csv.writer(buffer, lineterminator="\n")
    table.writerow(COLUMNS)
    for row in rows:
        numbers = [f"{value:.3f}" for value in (row.mean, row.spread, row.chance)]
        table.writerow([*row[:5], *numbers, len(row.scores), row.num_train, row.num_test])
    with atomic_write(path) as temporary:
        temporary.write_text(buffer.getvalue(), encoding="utf-8")
