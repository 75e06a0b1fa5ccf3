"""A sound that a model drew, as a result that can be saved."""

from pathlib import Path

import numpy as np

from undertow.arguments import check
from undertow.data.audio import BLOCK, audio_writer, to_float


class Drawn:
    """What results that are sounds have in common.

    Attributes:
        drawn: (T,) int16.
        sample_rate: Hz.
        seconds: that it took.
    """

    drawn: np.ndarray
    sample_rate: int
    seconds: float

    @property
    def wave(self) -> np.ndarray:
        """(T,) float32 in [-1, 1)."""
        return to_float(self.drawn)

    @property
    def realtime_factor(self) -> float:
        """Seconds of work for a second of sound; below 1 is faster than real time."""
        return self.seconds * self.sample_rate / max(1, len(self.drawn))

    def save(self, out: str | Path) -> Path:
        """Write the sound as .wav, .flac or .mp3, and return the path; an existing file is replaced.

        Raises:
            UsageError: another suffix.
            DataError: it cannot be written.
        """
        check("out", out, str | Path)
        with audio_writer(out, self.sample_rate) as write:
            for start in range(0, len(self.drawn), BLOCK):
                write(to_float(self.drawn[start : start + BLOCK]))
        return Path(out)
