"""Which frames of a recording an item has.

Frame i is centred on Δ/2 + i·Δ, and an item has the frames whose centres are within it, both ends included: ⌈on/Δ - ½⌉
to ⌊off/Δ - ½⌋. Times are exact decimals and Δ is a fraction, so no rounding moves a frame. (ABXpy and fastabx do the
same; Libri-Light's tool leaves out the last frame.)
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from undertow.discrimination.items import Item
from undertow.errors import DataError, counted, first_of
from undertow.memory_room import refuse_beyond
from undertow.representation.sources import MOST_OFF

HALF = Fraction(1, 2)
FINEST = 10**6  # the largest denominator of a rate; those of sound are samples in a frame
MOST_LISTED = 5


def exact(rate: float) -> Fraction:
    """Frames a second as a fraction: that of whole numbers, such as 22050 / 256."""
    return Fraction(rate).limit_denominator(FINEST)


def span(item: Item, rate: Fraction, libri_light: bool = False) -> tuple[int, int]:
    """The first frame of an item, and the one behind its last.

    Args:
        libri_light: leave out the last frame.
    """
    first = math.ceil(Fraction(item.onset) * rate - HALF)
    stop = math.floor(Fraction(item.offset) * rate - HALF) + 1 - libri_light
    return first, stop


def check_filled(items: Sequence[Item], rate: Fraction, libri_light: bool, path: str | Path) -> None:
    """Refuse items without a frame.

    Raises:
        DataError: there are some; the message lists the first.
    """
    empty = [one for one in items if (ends := span(one, rate, libri_light))[0] >= ends[1]]
    if empty:
        named = [f"line {one.line} ({one.phone}, {one.onset} to {one.offset} s)" for one in empty]
        raise DataError(
            f"{path}: {counted(len(empty), 'item')} of {len(items):,} hold no frame at {float(rate):g} frames "
            f"a second: {'; '.join(first_of(named, MOST_LISTED))}; remove them"
        )


def check_room(items: Sequence[Item], rate: Fraction, channels: int) -> None:
    """Refuse items whose frames do not fit in memory, in float32 and as the distances read them, in float64.

    Raises:
        UsageError: they do not.
    """
    numbers = channels * sum(stop - first for first, stop in (span(one, rate) for one in items))
    refuse_beyond(12 * numbers, "the frames of these items need", "measure fewer items")


def cut(
    frames: np.ndarray, items: Sequence[Item], rate: Fraction, libri_light: bool, path: str | Path
) -> tuple[list[np.ndarray], int]:
    """The frames of a recording's items, and how many items lack some at their ends.

    Many models leave out a frame or two at the end of a recording: an item has those that are there.

    Args:
        frames: (L, C) of the whole recording.

    Raises:
        DataError: an item goes on more than `MOST_OFF` frames behind the last one, or none of its frames is there.
    """
    parts, num_short = [], 0
    for one in items:
        first, stop = span(one, rate, libri_light)
        if stop > len(frames) + MOST_OFF or (stop > len(frames) and first >= len(frames)):
            raise DataError(
                f"{path}, line {one.line}: the item ends at {one.offset} s, but '{one.file}' has "
                f"{counted(len(frames), 'frame')}, {float(len(frames) / rate):.3f} s"
            )
        parts.append(frames[first:stop])
        num_short += stop > len(frames)
    return parts, num_short
