"""What the mel frames of a training set are like, in few numbers that a model keeps to check frames from elsewhere by.

F frames, M bands, S shapes.

They are taken from pieces of about a second. The frames of a piece that count are those whose level is in the upper
third of its range, so that pauses matter little and neither gain nor unit changes which they are. Of them:

    level     mean of all values
    shapes    first S = 6 cosines over the bands of their mean spectrum's difference from the training set's
    range     log of the distance from their 5th to their 95th percentile
    detail    log of the mean |second difference| between neighbouring bands
    movement  log of the mean |difference| between neighbouring frames
    grain     log of the median |difference between neighbouring bands of the difference between neighbouring frames|
    pace      how much more frames two apart differ than neighbours, in logs

Another unit moves range, detail, movement and grain by its factor; other bands move the shapes; another hop moves
movement and pace. The grain of recordings is the same for all speakers, within a tenth. Frames that a model predicted
are smoother: they have less detail, movement and grain, but not less range.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field

from undertow.config import Natural, Number, Probability, Width, config
from undertow.data.features import MelConfig

NUM_SHAPES = 6
LEAST_BANDS = 8  # fewer have no shape to speak of
NAMES = (
    "level",
    *(f"shape {number}" for number in range(1, NUM_SHAPES + 1)),
    "range",
    "detail",
    "movement",
    "grain",
    "pace",
)
LEVEL, SHAPES, RANGE, DETAIL, MOVEMENT, GRAIN, PACE = 0, slice(1, NUM_SHAPES + 1), -5, -4, -3, -2, -1
MOST_PIECES = 2000  # of a training set, spread over it: their mean does not change with more
LEAST_PIECE = 0.25  # seconds; a shorter one is not measured
STILL = 1e-6  # nothing moves less
Finite = Annotated[float, Field(allow_inf_nan=False), Number]
Values = Annotated[tuple[Finite, ...], Field(max_length=2**20)]


@config
class MelStatistics:
    """Statistics of a training set's mel frames; logs are natural, as the frames are.

    Attributes:
        piece: frames of the pieces that were measured, at most.
        num_pieces: how many there were.
        spectrum: (M,) mean spectrum of the frames that count.
        centre, spread: mean and standard deviation of the measures of `NAMES` over the pieces.
        lowest, highest: value of any band.
        floor_share: values at the lowest that the features' settings allow, as a share.
    """

    piece: Width
    num_pieces: Natural
    spectrum: Values
    centre: Values
    spread: Values
    lowest: Finite
    highest: Finite
    floor_share: Probability


class Measured(NamedTuple):
    """What one piece of frames is like.

    Attributes:
        spectrum: (M,) mean of the frames that count.
        values: the measures of `NAMES`, the shapes being those of `spectrum` itself; NaN where there are too few
            frames.
    """

    spectrum: np.ndarray
    values: np.ndarray


def mel_statistics(frames: Iterable[np.ndarray], settings: MelConfig) -> MelStatistics | None:
    """The statistics of mel frames (F, M) of a training set; None if there is too little of it, or too few bands."""
    if settings.num_channels < LEAST_BANDS:
        return None
    size = piece_frames(settings)
    lowest, highest, at_floor, count = np.inf, -np.inf, 0, 0
    every: list[Measured] = []
    floor = np.log(settings.floor) + 1e-4
    for piece in _pieces(frames, size):
        lowest, highest = min(lowest, float(piece.min())), max(highest, float(piece.max()))
        at_floor += int(np.count_nonzero(piece <= floor))
        count += piece.size
        if piece.max() > floor:  # digital silence is like nothing
            every.append(measure(piece))
    if len(every) < 2:
        return None
    spectrum = np.mean([one.spectrum for one in every], axis=0)
    values = np.stack([one.values for one in every])
    values[:, SHAPES] -= shapes(spectrum)
    return MelStatistics(
        piece=size,
        num_pieces=len(every),
        spectrum=_rounded(spectrum),
        centre=_rounded(np.nanmean(values, axis=0)),
        spread=_rounded(np.nanstd(values, axis=0)),
        lowest=round(lowest, 4),
        highest=round(highest, 4),
        floor_share=round(at_floor / count, 6),
    )


def piece_frames(settings: MelConfig) -> int:
    """Frames of a piece: those of a second, at least 4."""
    return max(4, round(settings.sample_rate / settings.hop_length))


def measure(frames: np.ndarray) -> Measured:
    """What frames (F, M) are like; F is 1 or more, and M at least 3."""
    level = frames.mean(axis=1)
    top, low = np.quantile(level, 0.95), level.min()
    counts = level >= top - (top - low) / 3
    kept = frames[counts]
    spectrum = kept.mean(axis=0)
    low, high = np.quantile(kept, [0.05, 0.95])
    detail = _log(np.abs(np.diff(kept, 2, axis=1)).mean())
    movement, wider = (_movement(frames, counts, lag) for lag in (1, 2))
    measures = [
        spectrum.mean(),
        *shapes(spectrum),
        _log(high - low),
        detail,
        movement,
        _grain(frames),
        wider - movement,
    ]
    return Measured(spectrum, np.array(measures))


def shapes(spectrum: np.ndarray) -> np.ndarray:
    """(S,) first cosines of a spectrum (M,), in the unit of its root mean square."""
    result: np.ndarray = _cosines(len(spectrum)) @ spectrum
    return result


@lru_cache(maxsize=8)
def _cosines(num_bands: int) -> np.ndarray:
    rows, columns = np.arange(1, NUM_SHAPES + 1)[:, None], np.arange(num_bands)
    result: np.ndarray = np.cos(np.pi / num_bands * rows * (columns + 0.5)) * np.sqrt(2) / num_bands
    return result


def _movement(frames: np.ndarray, counts: np.ndarray, lag: int) -> float:
    moved = np.abs(frames[lag:] - frames[:-lag])[counts[lag:] | counts[:-lag]]
    return _log(moved.mean()) if len(moved) else float("nan")


def _grain(frames: np.ndarray) -> float:
    if len(frames) < 2:
        return float("nan")
    moved = frames[1:] - frames[:-1]
    moved = moved[np.abs(moved).max(axis=1) > 0]
    return _log(np.median(np.abs(np.diff(moved, axis=1)))) if len(moved) else float("nan")


def _log(value: Any) -> float:
    return float(np.log(value + STILL))


def _pieces(frames: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Pieces of whole sequences, the last of each only if it has a quarter of the size and at least 3 frames."""
    for sequence in frames:
        for start in range(0, len(sequence), size):
            piece = sequence[start : start + size].astype(np.float64)
            if len(piece) >= max(3, LEAST_PIECE * size):
                yield piece


def _rounded(values: np.ndarray) -> tuple[float, ...]:
    return tuple(round(float(value), 4) for value in values)
