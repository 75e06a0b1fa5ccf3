"""Score pairs of sounds, a reference and a test each: every metric's mean and its interval over the pairs.

T samples.
"""

import csv
import io
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from undertow.callbacks import OnProgress, unwatched
from undertow.errors import DataError, counted
from undertow.evaluation.sound_metrics import OWN_METRICS, SOUND_METRICS, check_sound_metrics, compare
from undertow.files import atomic_write

SLACK_SECONDS = 0.05  # by which lengths may differ, as vocoders pad: both are cut to the shorter
STANDARD_ERRORS = 1.96  # of an interval of 95 % about a mean


class SoundPair(NamedTuple):
    """Two (T,) float waves in [-1, 1], at the same rate."""

    name: str
    reference: np.ndarray
    test: np.ndarray


class SoundFigures(NamedTuple):
    """The figures of one pair by name, None where one is not defined, and the seconds that were compared."""

    name: str
    seconds: float
    figures: Mapping[str, float | None]


class Mean(NamedTuple):
    """A mean over sounds.

    Attributes:
        mean: of the sounds for which the figure is defined; None if there are none.
        low, high: the interval that holds the mean with 95 % probability, 1.96 standard errors on either side; None if
            there are less than two.
        num_sounds: for which the figure is defined.
    """

    mean: float | None
    low: float | None
    high: float | None
    num_sounds: int


@dataclass(frozen=True)
class SoundScore:
    """How far sounds are from their references.

    Attributes:
        split: the split that was scored; "pairs" for two folders.
        sample_rate: Hz, at which they were compared.
        sounds: each pair.
        units: of the figures, by their names; empty for plain numbers.
        better: by figure, whether "higher" or "lower" is better.
        definitions: what each metric is, with all its settings, in words.
        notes: on what was changed before comparing, and how the sounds were drawn.
        faults: pairs that could not be compared, one line each.
        seconds: wall-clock seconds.
    """

    split: str
    sample_rate: int
    sounds: tuple[SoundFigures, ...] = field(repr=False)
    units: Mapping[str, str] = field(repr=False)
    better: Mapping[str, str] = field(repr=False)
    definitions: Mapping[str, str] = field(repr=False)
    notes: tuple[str, ...]
    faults: tuple[str, ...]
    seconds: float

    @property
    def means(self) -> dict[str, Mean]:
        """By figure, its mean over the sounds."""
        return {name: mean_of([one.figures[name] for one in self.sounds]) for name in self.units}

    @property
    def sound_seconds(self) -> float:
        """Seconds of sound."""
        return sum(one.seconds for one in self.sounds)

    @property
    def ranked(self) -> list[SoundFigures]:
        """The sounds, the worst by the first figure first; those for which it is not defined come last."""
        first = next(iter(self.units))
        sign = 1 if self.better[first] == "lower" else -1

        def place(one: SoundFigures) -> tuple[bool, float, str]:
            value = one.figures[first]
            return value is None, 0.0 if value is None else -sign * value, one.name

        return sorted(self.sounds, key=place)


def score_sounds(
    pairs: Iterable[SoundPair],
    sample_rate: int,
    *,
    metrics: Sequence[str] = (),
    split: str = "pairs",
    notes: Sequence[str] = (),
    faults: list[str] | None = None,
    num_pairs: int | None = None,
    progress: OnProgress = unwatched,
) -> SoundScore:
    """Compare the sounds of each pair; see `undertow.evaluation.sound_metrics`.

    Lengths that differ by at most 50 ms are cut to the shorter, with a note. A pair that cannot be compared is left
    out and becomes a fault.

    Args:
        metrics: names in `SOUND_METRICS`; by default all that need no other package.
        faults: to which those who read the pairs add what they cannot read.
        num_pairs: if it is known, for `progress`, which is called after each pair.

    Raises:
        UsageError: an unknown metric, or one whose package is not installed.
        DataError: no pair is left.
    """
    began, names = time.perf_counter(), tuple(dict.fromkeys(metrics)) or OWN_METRICS
    check_sound_metrics(names)
    sounds: list[SoundFigures] = []
    faults = [] if faults is None else faults
    num_cut = 0
    for number, pair in enumerate(pairs, 1):
        reference, test = _same_length(pair, sample_rate)
        try:
            _check_lengths(reference, test, sample_rate, names)
            figures = compare(reference, test, sample_rate, names)
            sounds.append(SoundFigures(pair.name, len(test) / sample_rate, figures))
            num_cut += len(reference) != len(pair.reference) or len(test) != len(pair.test)
        except DataError as error:
            faults.append(f"{pair.name}: {error}")
        progress(number, num_pairs or number)
    if not sounds:
        raise DataError(faults[0] if len(faults) == 1 else "; ".join(["no pair can be compared", *faults[:3]]))
    cut = f"{counted(num_cut, 'pair')} of {len(sounds) + len(faults):,} cut to the shorter sound, by at most 50 ms"
    return SoundScore(
        split=split,
        sample_rate=sample_rate,
        sounds=tuple(sounds),
        units={figure: unit for name in names for figure, unit in SOUND_METRICS[name].units.items()},
        better={
            figure: "higher" if SOUND_METRICS[name].higher_is_better else "lower"
            for name in names
            for figure in SOUND_METRICS[name].units
        },
        definitions={name: SOUND_METRICS[name].definition(sample_rate) for name in names},
        notes=(*notes, cut) if num_cut else tuple(notes),
        faults=tuple(faults),
        seconds=time.perf_counter() - began,
    )


def mean_of(values: Sequence[float | None]) -> Mean:
    """The mean of those that are not None, and its interval."""
    known = np.array([value for value in values if value is not None], np.float64)
    if not len(known):
        return Mean(None, None, None, 0)
    mean = float(known.mean())
    if len(known) < 2:
        return Mean(mean, None, None, len(known))
    half = STANDARD_ERRORS * float(known.std(ddof=1)) / math.sqrt(len(known))
    return Mean(mean, mean - half, mean + half, len(known))


def write_figures(path: Path, found: SoundScore) -> None:
    """A CSV file with a line for each pair, the worst by the first figure first; undefined figures are empty.

    Raises:
        DataError: it cannot be written.
    """
    buffer = io.StringIO(newline="")
    table = csv.writer(buffer, lineterminator="\n")
    table.writerow(["name", "seconds", *found.units])
    for one in found.ranked:
        values = ("" if value is None else f"{value:.6g}" for value in (one.figures[name] for name in found.units))
        table.writerow([one.name, f"{one.seconds:.4f}", *values])
    with atomic_write(path) as temporary:
        temporary.write_text(buffer.getvalue(), encoding="utf-8")


def _same_length(pair: SoundPair, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """The two waves, cut to the shorter if that is nearly as long."""
    one, two = pair.reference, pair.test
    shorter = min(len(one), len(two))
    if shorter and max(len(one), len(two)) - shorter <= SLACK_SECONDS * sample_rate:
        return one[:shorter], two[:shorter]
    return one, two


def _check_lengths(reference: np.ndarray, test: np.ndarray, sample_rate: int, names: Sequence[str]) -> None:
    strict = [name for name in names if not SOUND_METRICS[name].any_length]
    if len(reference) != len(test) and strict:
        long = [name for name, metric in SOUND_METRICS.items() if metric.any_length]
        raise DataError(
            f"the reference has {len(reference) / sample_rate:.3f} s, the test {len(test) / sample_rate:.3f} s; "
            f"{', '.join(strict)} need the same length, {' and '.join(long)} do not"
        )
