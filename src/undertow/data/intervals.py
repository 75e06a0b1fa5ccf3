"""Labelled intervals of a sound, and the labels of its frames.

F frames.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from undertow.errors import DataError, shown

MOST_ROUNDING = 0.0105  # seconds by which times that are written with two decimals may overlap
MOST_SECONDS = 10**7  # of a sound: four months


class Interval(NamedTuple):
    """From `start` to `stop`, in seconds, a sound has a label; `line` is its place in its file."""

    start: float
    stop: float
    label: str
    line: int = 0


def number(text: str, place: str) -> float:
    """A time in seconds.

    Raises:
        DataError: it is not a number, or out of range.
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= MOST_SECONDS:
        raise DataError(f"{place}: '{shown(text)}' is not a time in seconds")
    return seconds


def in_order(intervals: Iterable[Interval], file: Path | str) -> list[Interval]:
    """Intervals by their starts.

    Raises:
        DataError: one ends before it begins, or two overlap by more than the rounding of their times.
    """
    found = sorted(intervals, key=lambda one: (one.start, one.stop))
    for one in found:
        if one.stop < one.start:
            raise DataError(f"{file}, line {one.line}: '{shown(one.label)}' ends at {one.stop:g} s, before it begins")
    for one, other in zip(found, found[1:], strict=False):
        if other.start < one.stop - MOST_ROUNDING:
            raise DataError(
                f"{file}, line {other.line}: '{shown(other.label)}' begins at {other.start:g} s, before "
                f"'{shown(one.label)}' of line {one.line} ends at {one.stop:g} s; a frame has one label"
            )
    return found


def labels_of_frames(
    intervals: Sequence[Interval], num_frames: int, frame_seconds: float, rest: str | None
) -> list[str]:
    """The label of each frame: that of the interval which holds its middle; elsewhere `rest`, or "" for none.

    Args:
        intervals: in order.
        frame_seconds: length of a frame; frame f begins at f · frame_seconds.
    """
    labels = [rest or ""] * num_frames
    for one in intervals:
        first, last = (math.ceil(time / frame_seconds - 0.5 - 1e-9) for time in (one.start, one.stop))
        first, last = max(0, first), min(num_frames, last)
        labels[first:last] = [one.label] * max(0, last - first)
    return labels


def check_end(intervals: Sequence[Interval], seconds: float, frame_seconds: float, file: Path | str) -> None:
    """Refuse labels that go on behind the end of their sound by more than a frame.

    Raises:
        DataError: they do.
    """
    end = max((one.stop for one in intervals), default=0.0)
    if end > seconds + max(frame_seconds, MOST_ROUNDING):
        raise DataError(f"{file}: its labels end at {end:.2f} s, but the sound ends at {seconds:.2f} s")


def runs(labels: Sequence[str], frame_seconds: float) -> list[Interval]:
    """The intervals of frames in a row with the same label; "" is none."""
    found: list[Interval] = []
    start = 0
    for stop in range(1, len(labels) + 1):
        if stop == len(labels) or labels[stop] != labels[start]:
            if labels[start]:
                found.append(Interval(start * frame_seconds, stop * frame_seconds, labels[start]))
            start = stop
    return found


def indices(labels: Sequence[str], index: Mapping[str, int], file: Path | str) -> np.ndarray:
    """(F,) the index of each frame's class, -1 for frames without one.

    Raises:
        DataError: a label is not one of the classes.
    """
    unknown = next((one for one in labels if one and one not in index), None)
    if unknown is not None:
        raise DataError(f"{file}: the model does not know the label '{shown(unknown)}'")
    return np.array([index.get(one, -1) for one in labels], np.int64)
