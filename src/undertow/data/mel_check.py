"""Is a mel spectrum from elsewhere one that a model can read? By its type, its shape, its values and its statistics.

F frames, M bands.

Frames are compared with the statistics of the model's training set, as they are and read in every other way of
`undertow.data.mel_readings`. They are refused if they are unlike the training set and one of these readings, whose
cause is named, makes them like it; other speakers, levels and microphones do not. Some differences do not show in
statistics: a highest frequency (fmax) that is a fifth off changes them less than another speaker does, unless
the training set has an edge within its bands.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from undertow.data.features import MelConfig, mel_filters
from undertow.data.mel_readings import WORDS, Reading, readings
from undertow.data.mel_statistics import (
    DETAIL,
    GRAIN,
    LEVEL,
    MOVEMENT,
    NUM_SHAPES,
    PACE,
    RANGE,
    SHAPES,
    MelStatistics,
    measure,
    shapes,
)
from undertow.errors import DataError, counted

# How far a measure of good frames may lie from the training set's, besides its spread there: other speakers, rooms,
# levels. In the order of `NAMES`.
TOLERANCE = np.array([1.5, *[0.25] * NUM_SHAPES, 0.15, 0.25, 0.25, 0.1, 0.08])
SMOOTH = [DETAIL, MOVEMENT, GRAIN, PACE]
SMOOTHED = 9.0  # what it costs to be as smooth as predicted frames are; then these measures say nothing
IMPOSSIBLE = 25.0  # what a value that no wave in [-1, 1] has costs
UNLIKE = 15.0  # of recordings of other speakers, 95 % are nearer
DECISIVE = 12.0  # how much nearer a reading must be; for recordings of other speakers no reading is, by 8
MUCH_NEARER = 0.45
SUGGESTIVE = 6.0
FREE_COST = 15.0  # of a gain and a level that are fitted
MOST_PIECES = 12  # of long frames that are compared
SLACK = 0.01
STILL = 1e-4  # above the floor, which float32 rounds
LEAST_PILE, PILED_BANDS = 8, 4
LEAST_FRAMES = 8  # fewer have no mean and deviation to speak of
ENDS = ((0, 1), (-1, 1), (0, 4), (-4, 4))
GAIN = "values normalised by a gain and an offset"


class Checked(NamedTuple):
    """Frames that a model can read.

    Attributes:
        frames: (F, M) floats.
        notes: what is unusual, and what was changed.
    """

    frames: np.ndarray
    notes: tuple[str, ...] = ()


def check_mel(given: np.ndarray, settings: MelConfig, statistics: MelStatistics | None, name: str) -> Checked:
    """The frames of an array that should be a model's log mel spectrum.

    Bands before frames, as HiFi-GAN and others keep them, are turned, and values below the model's floor are raised to
    it; notes say so.

    Args:
        given: (F, M), (M, F) or (1, M, F) floats.
        statistics: of the model's training set; without them only type, shape and range are looked at.
        name: of the frames, for messages.

    Raises:
        DataError: another type or shape, no frames, NaN or infinity; or the statistics are those of another spectrum.
    """
    turned, notes = _oriented(given, settings, statistics, name)
    frames = turned.astype(np.promote_types(turned.dtype, np.float32), copy=False)
    if num_bad := frames.size - int(np.count_nonzero(np.isfinite(frames))):
        raise DataError(f"{name}: {num_bad:,} of {counted(frames.size, 'number')} are NaN or infinite")
    return Checked(*_compared(frames, settings, statistics, name, notes))


def described(settings: MelConfig) -> str:
    """A model's mel in words."""
    return (
        f"ln of {WORDS[settings.power]} at {settings.sample_rate:,} Hz, hop {settings.hop_length}, window "
        f"{settings.window_length}, FFT {settings.fft_size}, {counted(settings.num_channels, 'band')} from "
        f"{settings.low_hz:g} to {settings.top_hz:,.0f} Hz, floor {settings.floor:g}"
    )


def _oriented(
    given: np.ndarray, settings: MelConfig, statistics: MelStatistics | None, name: str
) -> tuple[np.ndarray, list[str]]:
    """The array with frames first, and a note if that is new."""
    array, bands = given, settings.num_channels
    if array.dtype.kind != "f":
        kind = "whole numbers" if array.dtype.kind in "iub" else "no real numbers"
        raise DataError(f"{name} holds {kind} ({array.dtype}); a log mel spectrum is floats: {described(settings)}")
    if array.ndim == 3 and len(array) == 1:
        array = array[0]
    needed = f"this model needs (frames, {bands}): {described(settings)}"
    if array.ndim != 2:
        raise DataError(f"{name}: the shape is {given.shape}; {needed}")
    if not array.size:
        raise DataError(f"{name} is empty: its shape is {given.shape}; {needed}")
    turns = array.shape[0] == bands and array.shape[1] != bands
    if array.shape[1] != bands and not turns:
        linear = settings.fft_size // 2 + 1
        if linear in array.shape:
            needed = f"{linear} are the frequencies of a linear spectrum, before mel bands; {needed}"
        raise DataError(f"{name}: the shape is {given.shape}; {needed}")
    if array.shape == (bands, bands) and statistics is not None and np.isfinite(array).all():
        own = readings(settings, statistics.spectrum)[0]
        here, there = (_distance(one.astype(np.float64), own, settings, statistics) for one in (array, array.T))
        turns = here > UNLIKE and here - there > DECISIVE
    if turns:
        return array.T, [f"{name}: {bands} bands before frames, shape {given.shape}; read as (frames, bands)"]
    return array, []


def _compared(
    frames: np.ndarray, settings: MelConfig, statistics: MelStatistics | None, name: str, notes: list[str]
) -> tuple[np.ndarray, tuple[str, ...]]:
    floor, lowest, highest = math.log(settings.floor), float(frames.min()), float(frames.max())
    top = _highest_possible(settings)
    outside = lowest < floor - SLACK or highest > top + SLACK
    limits = f"its values go from {lowest:.2f} to {highest:.2f}; this model's can from {floor:.2f} to {top:.2f}"
    if statistics is None:
        if outside:
            notes = [*notes, f"{name}: {limits} ({described(settings)})"]
        return frames, tuple(notes)
    sample = _sampled(frames, statistics.piece)
    own, *others = readings(settings, statistics.spectrum)
    here = _distance(sample, own, settings, statistics)
    if here > SUGGESTIVE:
        causes, there = _best(sample, others, settings, statistics)
        if here > UNLIKE and here - there > DECISIVE and there < MUCH_NEARER * here:
            raise DataError(
                f"{name} is not this model's mel spectrum: it looks like {causes}; {limits}; compute it as "
                f"{described(settings)}"
            )
        if highest > top + SLACK:
            raise DataError(f"{name} is not this model's mel spectrum: {limits}; compute it as {described(settings)}")
        if here - there > SUGGESTIVE:
            notes = [*notes, f"{name}: it may be {causes}; this model reads {described(settings)}"]
        elif here > 2 * UNLIKE:
            notes = [*notes, f"{name}: it is unlike the sound that the model was trained on ({limits})"]
    if lowest < floor - SLACK:
        what = f"its lowest value is {lowest:.2f} = ln({math.exp(lowest):.1e})"
        notes = [*notes, f"{name}: another floor: {what}; raised to this model's, {floor:.2f} = ln({settings.floor:g})"]
    elif not any("floor of" in note for note in notes) and _piles_up(frames, lowest, floor):
        what = f"many values are {lowest:.2f} = ln({math.exp(lowest):.1e})"
        notes = [*notes, f"{name}: a higher floor: {what}, and this model's is {floor:.2f} = ln({settings.floor:g})"]
    return raised(frames, settings), tuple(notes)


def raised(frames: np.ndarray, settings: MelConfig) -> np.ndarray:
    """Frames with no value below the floor."""
    return np.maximum(frames, frames.dtype.type(math.log(settings.floor)))


def _best(
    frames: np.ndarray, others: Sequence[Reading], settings: MelConfig, statistics: MelStatistics
) -> tuple[str, float]:
    """The likeliest cause in words, and its distance: none where the values themselves tell it."""
    if words := _told_by_values(frames, settings):
        return words, 0.0
    found = [(one.words, one.cost + _distance(frames, one, settings, statistics)) for one in others]
    if frames.min() >= 0:
        logs = np.log(np.maximum(frames, settings.floor))
        plain = [one for one in readings(settings, statistics.spectrum) if one.is_unit and "for ln" not in one.words]
        found += [
            ("; ".join(("values without a logarithm", *one.causes)), _distance(logs, one, settings, statistics))
            for one in plain
        ]
    measured = measure(frames)
    gain = math.exp(statistics.centre[RANGE] - measured.values[RANGE])
    level = np.full(len(statistics.spectrum), statistics.centre[LEVEL] - gain * measured.values[LEVEL])
    fitted = replace(
        readings(settings, statistics.spectrum)[0], causes=(GAIN,), scale=gain, offset=level, any_level=True
    )
    found.append((GAIN, _distance(frames, fitted, settings, statistics) + FREE_COST))
    return min(found, key=lambda one: one[1])


def _told_by_values(frames: np.ndarray, settings: MelConfig) -> str:
    """How frames that are unlike the training set were normalised, or their floor, where their values show it."""
    low, high = float(frames.min()), float(frames.max())
    if len(frames) >= LEAST_FRAMES:
        bands, deviations = frames.mean(axis=0), frames.std(axis=0)
        if np.abs(bands).max() < 0.05 and np.abs(deviations - 1).max() < 0.1:
            return "values normalised to mean 0 and deviation 1 in each band"
        if abs(frames.mean()) < 0.05 and abs(frames.std() - 1) < 0.05:
            return "values normalised to mean 0 and deviation 1"
    for least, most in ENDS:
        if abs(low - least) < SLACK and abs(high - most) < SLACK:
            return f"values normalised to lie within {least} and {most}"
    if _piles_up(frames, low, math.log(settings.floor)):
        power = low / math.log(10)
        if abs(power - round(power)) < SLACK and power < -1.5:
            return f"a floor of 1e{round(power)} for {settings.floor:g}"
    return ""


def _distance(frames: np.ndarray, reading: Reading, settings: MelConfig, statistics: MelStatistics) -> float:
    """How far frames, read in some way, are from the training set's: a sum of squares of deviations."""
    size, floor = statistics.piece, math.log(settings.floor)
    read = np.maximum(reading.read(frames), floor)
    pieces = [read[start : start + size] for start in range(0, len(read), size)]
    pieces = [piece for piece in pieces if piece.max() > floor + STILL] or pieces[:1]
    if read.max() <= floor + STILL:  # nothing is left; of a model's own frames it is digital silence, which is like any
        return 0.0 if not reading.causes and frames.min() >= floor - SLACK else math.inf
    expected = np.array(statistics.spectrum) + reading.spectrum_shift
    values = np.stack([_values(piece, expected) for piece in pieces])
    there = np.isfinite(values)
    counts = there.sum(axis=0)
    mean = np.where(there, values, 0).sum(axis=0) / np.maximum(counts, 1)
    centre = np.array(statistics.centre)
    centre[LEVEL] += reading.spectrum_shift.mean()
    if reading.pace != 1:
        centre[MOVEMENT] += math.log2(reading.pace) * centre[PACE]
        centre[PACE] *= 0.8 if reading.pace > 1 else 1.15
    short = 1 + max(0.0, size / len(frames) - 1) / 4
    deviations = (mean - centre) / np.sqrt((np.square(statistics.spread) + TOLERANCE**2) * short)
    deviations[counts == 0] = 0
    if reading.any_level:
        deviations[LEVEL] = 0
    beyond = 0.0 if reading.any_level else max(0.0, float(read.max()) - _highest_possible(settings) - SLACK)
    whole = float(np.square(deviations).sum()) + IMPOSSIBLE * beyond**2
    if (deviations[[DETAIL, MOVEMENT, GRAIN]] <= 0).all():
        return min(whole, whole - float(np.square(deviations[SMOOTH]).sum()) + SMOOTHED)
    return whole


def _values(piece: np.ndarray, expected: np.ndarray) -> np.ndarray:
    values = measure(piece).values
    values[SHAPES] -= shapes(expected)
    return values


def _sampled(frames: np.ndarray, size: int) -> np.ndarray:
    """Float64 frames to compare: all, or whole pieces spread over them."""
    if len(frames) <= MOST_PIECES * size:
        return frames.astype(np.float64)
    starts = np.linspace(0, len(frames) - size, MOST_PIECES).astype(int)
    return np.concatenate([frames[start : start + size] for start in starts]).astype(np.float64)


def _highest_possible(settings: MelConfig) -> float:
    """The highest value of any band of a wave in [-1, 1]: every frequency at the window's sum."""
    sums = mel_filters(settings, settings.num_channels).sum(dim=1).max().item()
    return math.log(sums) + settings.power * math.log(settings.window_length / 2)


def _piles_up(frames: np.ndarray, lowest: float, floor: float) -> bool:
    """Whether many values of several bands are the lowest of all, above the model's floor."""
    if lowest < floor + 0.1:
        return False
    there = frames <= lowest + 1e-4
    return bool(there.sum() >= max(LEAST_PILE, 0.02 * frames.size) and there.any(axis=0).sum() >= PILED_BANDS)
