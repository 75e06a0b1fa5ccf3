"""Log-spectral distance: how far the spectra of two sounds of the same length are apart, in decibels.

T samples, F frames, K frequencies.
"""

from collections.abc import Iterator

import numpy as np

from undertow.errors import DataError

WINDOW_SECONDS, HOP_SECONDS = 0.032, 0.008
RANGE_DECIBELS = 60.0
BLOCK = 1 << 12  # frames at a time
DEFINITION = (
    "log-spectral distance: the root mean square over frequencies of the difference of two spectra in dB, averaged "
    "over frames; Hann windows of 32 ms every 8 ms, levels no lower than 60 dB below the original's loudest"
)


def log_spectral_distance(original: np.ndarray, other: np.ndarray, sample_rate: int) -> float:
    """In dB, of two (T,) waves, both float or both int16; 0 if their spectra are the same. `DEFINITION` is the text.

    Phases do not count. Levels have a floor, so that silence and the faintest noise are alike. Long waves are read in
    blocks.

    Raises:
        DataError: the waves have different lengths, are empty, or hold NaN or infinity.
    """
    if original.shape != other.shape or original.ndim != 1 or not len(original):
        raise DataError(f"the waves have shapes {original.shape} and {other.shape}; they must be alike, (T,)")
    loudest = max(float(powers.max()) for powers in _powers(original, sample_rate))
    floor = max(loudest * 10 ** (-RANGE_DECIBELS / 10), 1e-20)
    total, count = 0.0, 0
    for one, two in zip(_powers(original, sample_rate), _powers(other, sample_rate), strict=True):
        difference = 10 * np.log10(np.maximum(one, floor)) - 10 * np.log10(np.maximum(two, floor))
        total += float(np.sqrt(np.square(difference).mean(axis=1)).sum())
        count += len(difference)
    return total / count


def _powers(wave: np.ndarray, sample_rate: int) -> Iterator[np.ndarray]:
    """Power spectra, in blocks (F, K): frame f is centred on sample f·hop, and silence continues the ends."""
    size, hop = (max(2, round(seconds * sample_rate)) for seconds in (WINDOW_SECONDS, HOP_SECONDS))
    window = np.hanning(size + 2)[1:-1]
    for start in range(0, len(wave), BLOCK * hop):
        last = min(len(wave), start + BLOCK * hop) - 1
        first, stop = start - size // 2, last - (last - start) % hop - size // 2 + size
        inside = wave[max(0, first) : stop].astype(np.float64)
        if not np.isfinite(inside).all():
            raise DataError("a wave holds NaN or infinity")
        padded = np.pad(inside, (max(0, -first), max(0, stop - len(wave))))
        views = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
        yield np.abs(np.fft.rfft(views * window)) ** 2
