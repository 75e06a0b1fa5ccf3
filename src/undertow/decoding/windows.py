"""Long sound, cut into windows at its quietest moments.

T samples, F frames of 10 ms.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

FRAME_SECONDS = 0.01
PAUSE_FRAMES = 20  # a pause between words is about as long
PAUSE_SHARE = 0.1  # of the mean power of the window, or less: 10 dB below it
EARLIEST, LATEST = 0.5, 0.875  # shares of a full window between which it may be cut; so the last one is not tiny


class Window(NamedTuple):
    """Samples `start` to `start` + T of a sound: a (T,) float wave, whether it ends in a pause, or the sound ends."""

    start: int
    wave: np.ndarray
    ends_in_pause: bool = True


class Cut(NamedTuple):
    """Where to cut a window, in samples, and whether there is a pause."""

    place: int
    in_pause: bool


def windows(blocks: Iterable[np.ndarray], sample_rate: int, most: int) -> Iterator[Window]:
    """All samples once, in windows of at most `most`; a sound that is no longer is one window.

    A longer sound is cut in the middle of the quietest 0.2 s between half of a full window and seven eighths of it: in
    a pause where there is one. Without a pause there, a word may be cut in two; windows do not overlap.

    Args:
        blocks: waves (T,) of the sound, in order.
    """
    start, rest = 0, np.zeros(0, np.float32)
    for block in blocks:
        rest = np.concatenate([rest, block]) if len(rest) else block
        while len(rest) > most:
            cut, in_pause = quietest(rest[:most], sample_rate)
            yield Window(start, rest[:cut], in_pause)
            start, rest = start + cut, rest[cut:]
    if len(rest):
        yield Window(start, rest)


def quietest(wave: np.ndarray, sample_rate: int) -> Cut:
    """Where to cut a (T,) wave of a full window's length, 1 to T. A pause is 10 dB quieter than the whole wave."""
    length = max(1, round(sample_rate * FRAME_SECONDS))
    first, last = round(len(wave) * EARLIEST), round(len(wave) * LATEST)
    num_frames = (last - first) // length
    if num_frames < 1:
        return Cut(max(1, last), False)
    frames = wave[first : first + num_frames * length].astype(np.float64).reshape(num_frames, length)
    powers = np.square(frames).mean(axis=1)  # (F,)
    width = min(PAUSE_FRAMES, num_frames)
    means = np.lib.stride_tricks.sliding_window_view(powers, width).mean(axis=1)
    quiet = np.flatnonzero(means == means.min())
    place = first + (2 * int(quiet[len(quiet) // 2]) + width) * length // 2
    return Cut(place, bool(means.min() <= PAUSE_SHARE * np.square(wave, dtype=np.float64).mean()))
