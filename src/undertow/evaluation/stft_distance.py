"""The distance of two sounds' short-time spectra at three resolutions.

R. Yamamoto, E. Song and J.-M. Kim, "Parallel WaveGAN" (arXiv 1910.11480), equations 3 to 6.

T samples, F frames, K frequencies.
"""

import math
from typing import NamedTuple

import numpy as np

from undertow.evaluation.short_time import check_alike, powers, samples_of

RESOLUTIONS = ((0.01, 50 / 24000), (0.025, 0.005), (0.05, 0.01))  # seconds of windows and hops: the paper's at 24 kHz
FLOOR = 1e-7  # of powers, as in the published code
DEFINITION = (
    "multi-resolution STFT distance (Yamamoto et al. 2020): spectral convergence |S - S'| / |S| plus the mean absolute "
    "difference of natural log magnitudes, averaged over Hann windows of 10, 25 and 50 ms every 2.08, 5 and 10 ms; "
    "magnitudes no lower than sqrt(1e-7)"
)


class StftDistance(NamedTuple):
    """The two terms, each averaged over the resolutions; `convergence` is None if the reference is silent."""

    convergence: float | None
    log_magnitude: float

    @property
    def total(self) -> float | None:
        """Their sum."""
        return None if self.convergence is None else self.convergence + self.log_magnitude


def stft_distance(reference: np.ndarray, test: np.ndarray, sample_rate: int) -> StftDistance:
    """Of two (T,) float waves; 0 if their spectra are the same. `DEFINITION` is the text.

    Raises:
        DataError: the waves have different lengths, are empty, or hold NaN or infinity.
    """
    check_alike(reference, test)
    shares, logs = [], []
    for window_seconds, hop_seconds in RESOLUTIONS:
        size, hop = samples_of(window_seconds, sample_rate), samples_of(hop_seconds, sample_rate)
        fft_size = 2 ** math.ceil(math.log2(1.5 * size))
        apart = whole = far = 0.0
        count = 0
        pairs = zip(powers(reference, size, hop, fft_size), powers(test, size, hop, fft_size), strict=True)
        for one, two in pairs:
            first, second = np.sqrt(np.maximum(one, FLOOR)), np.sqrt(np.maximum(two, FLOOR))
            apart += float(np.square(first - second).sum())
            whole += float(np.square(first).sum())
            far += float(np.abs(np.log(first) - np.log(second)).sum())
            count += first.size
        shares.append(None if whole <= 1.001 * count * FLOOR else math.sqrt(apart / whole))
        logs.append(far / count)
    known = [share for share in shares if share is not None]
    return StftDistance(sum(known) / len(known) if len(known) == len(shares) else None, sum(logs) / len(logs))
