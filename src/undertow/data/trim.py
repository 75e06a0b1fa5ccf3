"""Where a clip sounds: the level of each 10 ms, and the silence at its ends.

T samples, F frames.
"""

import numpy as np

from undertow.data.audio import SILENCE

FRAME_SECONDS = 0.01
MARGIN_SECONDS = 0.02


class Levels:
    """The levels of a float wave that comes in blocks.

    Args:
        length: samples of a frame; by default 10 ms.

    Attributes:
        num_samples: T, so far.
    """

    def __init__(self, sample_rate: int, length: int | None = None) -> None:
        self.sample_rate = sample_rate
        self.length = length or max(1, round(sample_rate * FRAME_SECONDS))
        self.num_samples = 0
        self._rest = np.zeros(0, np.float32)  # the beginning of the next frame
        self._powers: list[np.ndarray] = []
        self._ranges: list[tuple[np.floating, np.floating, np.floating, int]] = []  # of each block

    def add(self, block: np.ndarray) -> np.ndarray:
        """Take the next (T,) block, and return it."""
        if len(block):
            self.num_samples += len(block)
            self._ranges.append((block.min(), block.max(), block.mean(), len(block)))
            wave = np.concatenate([self._rest, block])
            whole = len(wave) // self.length * self.length
            self._powers.append(_powers(wave[:whole], self.length))
            self._rest = wave[whole:]
        return block

    @property
    def whole_powers(self) -> np.ndarray:
        """(F,) mean square of each frame; a shorter last one is left out."""
        return np.concatenate([*self._powers, np.zeros(0)])

    @property
    def powers(self) -> np.ndarray:
        """(F,) mean square of each frame; a shorter last one is padded with zeros."""
        last = np.zeros(-(-len(self._rest) // self.length) * self.length, np.float32)
        last[: len(self._rest)] = self._rest
        return np.concatenate([*self._powers, _powers(last, self.length)])

    @property
    def is_silent(self) -> bool:
        """Whether the wave never leaves its mean by more than `SILENCE`."""
        if not self._ranges:
            return True
        lowest, highest, means, counts = zip(*self._ranges, strict=True)
        mean = means[0] if len(means) == 1 else np.float32(np.average(np.array(means, np.float64), weights=counts))
        return float(max(max(highest) - mean, mean - min(lowest))) <= SILENCE

    def sounding(self, least: float) -> tuple[int, int]:
        """From the first to the last frame whose power is more than `least`, in samples, with 20 ms more at both ends
        for soft onsets; the whole wave if there is none.
        """
        loud = np.flatnonzero(self.powers > least)
        if not loud.size:
            return 0, self.num_samples
        margin = round(self.sample_rate * MARGIN_SECONDS)
        start = max(0, int(loud[0]) * self.length - margin)
        return start, min(self.num_samples, (int(loud[-1]) + 1) * self.length + margin)

    def trimmed(self, threshold: float) -> tuple[int, int]:
        """The samples that are left when both ends are cut where they stay `threshold` dB (negative) below the loudest
        frame.
        """
        return self.sounding(self.powers.max() * 10 ** (threshold / 10))


def _powers(frames: np.ndarray, length: int) -> np.ndarray:
    """(F,) mean squares of frames of `length` samples, end to end."""
    return np.square(frames.astype(np.float64)).reshape(-1, length).mean(axis=1)
