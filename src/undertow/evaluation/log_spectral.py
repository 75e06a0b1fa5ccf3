"""Log-spectral distance: how far the spectra of two sounds of the same length are apart, in decibels.

T samples, F frames, K frequencies.
"""

import numpy as np

from undertow.evaluation.short_time import check_alike, powers, samples_of

WINDOW_SECONDS, HOP_SECONDS = 0.032, 0.008
RANGE_DECIBELS = 60.0
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
    check_alike(original, other)
    size, hop = (samples_of(seconds, sample_rate) for seconds in (WINDOW_SECONDS, HOP_SECONDS))
    loudest = max(float(block.max()) for block in powers(original, size, hop))
    floor = max(loudest * 10 ** (-RANGE_DECIBELS / 10), 1e-20)
    total, count = 0.0, 0
    for one, two in zip(powers(original, size, hop), powers(other, size, hop), strict=True):
        difference = 10 * np.log10(np.maximum(one, floor)) - 10 * np.log10(np.maximum(two, floor))
        total += float(np.sqrt(np.square(difference).mean(axis=1)).sum())
        count += len(difference)
    return total / count
