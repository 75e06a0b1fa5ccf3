"""Power spectra of short windows of a wave, in blocks, so that a long wave needs little memory.

T samples, F frames, K frequencies.
"""

from collections.abc import Iterator

import numpy as np

from undertow.errors import DataError

BLOCK = 1 << 12  # frames at a time


def samples_of(seconds: float, sample_rate: int) -> int:
    """The number of samples of a window or a hop, at least 2."""
    return max(2, round(seconds * sample_rate))


def powers(wave: np.ndarray, size: int, hop: int, fft_size: int | None = None) -> Iterator[np.ndarray]:
    """Power spectra of a (T,) wave with Hann windows of `size` samples, in blocks (F, K).

    Frame f is centred on sample f·hop, and silence continues the ends. `fft_size` is `size`, or larger.

    Raises:
        DataError: the wave holds NaN or infinity.
    """
    window = np.hanning(size + 2)[1:-1]
    for start in range(0, len(wave), BLOCK * hop):
        last = min(len(wave), start + BLOCK * hop) - 1
        first, stop = start - size // 2, last - (last - start) % hop - size // 2 + size
        inside = wave[max(0, first) : stop].astype(np.float64)
        if not np.isfinite(inside).all():
            raise DataError("a wave holds NaN or infinity")
        padded = np.pad(inside, (max(0, -first), max(0, stop - len(wave))))
        views = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
        yield np.abs(np.fft.rfft(views * window, fft_size)) ** 2


def check_alike(reference: np.ndarray, test: np.ndarray) -> None:
    """Refuse waves that cannot be compared sample by sample.

    Raises:
        DataError: they have different lengths, are empty, or are not (T,).
    """
    if reference.shape != test.shape or reference.ndim != 1 or not len(reference):
        raise DataError(f"the waves have shapes {reference.shape} and {test.shape}; they must be alike, (T,)")
