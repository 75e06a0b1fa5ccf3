"""Judge a wave without listening: is it silent, noise or clipped, and what is its level?

T samples, F frames of 20 ms, N points of the transform.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from undertow.errors import DataError, counted

FLOOR_DBFS = -120.0  # the level given to an all-zero wave
SILENCE_DBFS = -60.0
FULL_SCALE = 0.999
FRAME_SECONDS = 0.02
SPECTRUM_POINTS = 256
BLOCK = 2**18  # samples that are measured together

MOSTLY_SILENT = 0.9
HEAVILY_CLIPPED = 0.01
NOISE_FLATNESS = 0.5  # real speech at 8 kHz stays below 0.3, white noise is at 0.98
NOISE_DBFS = -30.0  # an untrained model is louder; the background of a recording is as flat, but below -35


@dataclass(frozen=True)
class AudioReport:
    """Measures of a wave; full scale is ±1, and 0 dBFS is a square wave that fills it (a full sine has -3).

    Attributes:
        seconds: length.
        rms_dbfs: level of the whole wave, no lower than -120.
        peak_dbfs: level of the largest sample, no lower than -120.
        silence_ratio: share of frames of 20 ms whose RMS about their mean is below -60 dBFS.
        num_clipped: samples at full scale, 0.999 or beyond.
        clipped_share: their share of all samples.
        flatness: geometric over arithmetic mean of the average power spectrum, 0 (tones) to 1 (white noise).
    """

    seconds: float
    rms_dbfs: float
    peak_dbfs: float
    silence_ratio: float
    num_clipped: int
    clipped_share: float
    flatness: float

    @property
    def verdict(self) -> str:
        """One phrase: the worst fault of the wave, if it has one."""
        if self.silence_ratio == 1:
            return "silence"
        if self.silence_ratio > MOSTLY_SILENT:
            return "mostly silence"
        if self.flatness > NOISE_FLATNESS:
            return "white noise, not a learnt sound" if self.rms_dbfs > NOISE_DBFS else "quiet background noise"
        if self.clipped_share > HEAVILY_CLIPPED:
            return "heavily clipped"
        return "sound" if self.num_clipped == 0 else "sound, a little clipped"

    def __str__(self) -> str:
        clipping = f"{counted(self.num_clipped, 'sample')} clipped" if self.num_clipped else "no clipping"
        return (
            f"{self.verdict}: {self.seconds:.2f} s, level {self.rms_dbfs:.1f} dBFS, peak {self.peak_dbfs:.1f} dBFS, "
            f"{self.silence_ratio:.0%} silence, {clipping}"
        )


def audio_report(wave: np.ndarray, sample_rate: int) -> AudioReport:
    """Measure a (T,) float wave of `sample_rate` Hz.

    Raises:
        DataError: the wave is empty, or holds NaN or infinity.
    """
    if wave.ndim != 1 or not wave.size:
        raise DataError(f"the wave has shape {wave.shape}; it must be (T,), with at least one sample")
    frame = max(1, round(FRAME_SECONDS * sample_rate))
    squares, peak, num_clipped, num_silent = 0.0, 0.0, 0, 0
    for block in _blocks(wave, frame):
        if not np.isfinite(block).all():
            raise DataError("the wave holds NaN or infinity")
        squares += float((block**2).sum())
        peak = max(peak, float(np.abs(block).max()))
        num_clipped += int((np.abs(block) >= FULL_SCALE).sum())
        num_silent += _num_silent(block, frame)
    return AudioReport(
        seconds=len(wave) / sample_rate,
        rms_dbfs=_decibels(float(np.sqrt(squares / len(wave)))),
        peak_dbfs=_decibels(peak),
        silence_ratio=num_silent / -(-len(wave) // frame),
        num_clipped=num_clipped,
        clipped_share=num_clipped / len(wave),
        flatness=_flatness(wave),
    )


def _decibels(amplitude: float) -> float:
    return max(FLOOR_DBFS, 20 * float(np.log10(max(amplitude, 1e-12))))


def _blocks(wave: np.ndarray, frame: int) -> Iterator[np.ndarray]:
    """Pieces of a wave in float64, whole frames each but the last: a long one is never copied as a whole."""
    size = frame * max(1, BLOCK // frame)
    for start in range(0, len(wave), size):
        yield wave[start : start + size].astype(np.float64)


def _num_silent(block: np.ndarray, size: int) -> int:
    """Silent frames; a shorter last one counts as a frame."""
    frames = np.split(block, range(size, len(block), size))
    return sum(_decibels(float(frame.std())) < SILENCE_DBFS for frame in frames)


def _flatness(wave: np.ndarray) -> float:
    """Flatness of the power spectrum averaged over half-overlapping Hann windows, without its first and last point."""
    size = min(SPECTRUM_POINTS, len(wave))
    hop = max(1, size // 2)
    num_windows, total = (len(wave) - size) // hop + 1, np.zeros(size // 2 + 1)
    together = max(1, BLOCK // hop)
    for first in range(0, num_windows, together):
        last = min(first + together, num_windows) - 1
        part = wave[first * hop : last * hop + size].astype(np.float64)
        windows = np.lib.stride_tricks.sliding_window_view(part, size)[::hop]
        total += (np.abs(np.fft.rfft(windows * np.hanning(size + 2)[1:-1])) ** 2).sum(axis=0)
    power = (total / num_windows)[1:-1] + 1e-12
    return float(np.exp(np.log(power).mean()) / power.mean()) if power.size else 0.0
