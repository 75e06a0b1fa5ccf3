"""Mel-cepstral distortion: how far the smoothed spectra of two sounds are apart, in decibels.

R. Kubichek, "Mel-cepstral distance measure for objective speech quality assessment" (1993).

T samples, F frames, K frequencies, D coefficients.
"""

import math
from functools import lru_cache

import numpy as np

from undertow.callbacks import silent
from undertow.discrimination.distances import Warped
from undertow.errors import DataError
from undertow.evaluation.short_time import check_alike, powers, samples_of

ORDER = 24
WINDOW_SECONDS, HOP_SECONDS = 0.025, 0.005
LONGEST_SECONDS = 60  # of sounds that are warped onto each other
RANGE_DECIBELS = 60.0
DECIBELS = 10 * math.sqrt(2) / math.log(10)


def definition(sample_rate: int, is_warped: bool = False) -> str:
    """The definition in words, with its settings at a rate."""
    how = "aligned by dynamic time warping, averaged over the path" if is_warped else "frame by frame, averaged"
    return (
        f"mel-cepstral distortion, dB: 10/ln 10·sqrt(2·sum of squared differences) of coefficients 1 to {ORDER} (not "
        f"0, so a gain does not count) of the log spectrum, warped by an all-pass of {warping(sample_rate):.3f} to the "
        f"mel scale; {how}; Hann windows of 25 ms every 5 ms, levels no lower than 60 dB below each sound's loudest"
    )


def mel_cepstral_distortion(
    reference: np.ndarray, test: np.ndarray, sample_rate: int, is_warped: bool = False
) -> float:
    """In dB, of two (T,) waves; 0 if their smoothed spectra are the same. `definition` is the text.

    Args:
        is_warped: align the frames by dynamic time warping; the waves may then have different lengths.

    Raises:
        DataError: a wave is empty or holds NaN or infinity, or the lengths differ and it is not warped.
    """
    if not is_warped:
        check_alike(reference, test)
    if is_warped and (most := max(len(reference), len(test)) / sample_rate) > LONGEST_SECONDS:
        raise DataError(
            f"a sound has {most:.0f} s; the cost of time warping grows with the square of the length, so it is for at "
            f"most {LONGEST_SECONDS} s"
        )
    one, two = mel_cepstra(reference, sample_rate), mel_cepstra(test, sample_rate)
    if is_warped:
        return DECIBELS * float(Warped([one, two], "euclidean", silent).between([0], [1])[0, 0])
    return DECIBELS * float(np.sqrt(np.square(one - two).sum(axis=1)).mean())


def mel_cepstra(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """(F, D) coefficients 1 to `ORDER` of a (T,) wave, in nepers: its log amplitude is their sum over cos(d·w), where w
    is the warped frequency, and coefficient 0.

    Raises:
        DataError: the wave is empty, is not (T,), or holds NaN or infinity.
    """
    if wave.ndim != 1 or not len(wave):
        raise DataError(f"the wave has shape {wave.shape}; (T,) is needed, with at least one sample")
    size, hop = samples_of(WINDOW_SECONDS, sample_rate), samples_of(HOP_SECONDS, sample_rate)
    fft_size = 2 ** math.ceil(math.log2(2 * size))
    blocks = list(powers(wave, size, hop, fft_size))
    loudest = max(float(block.max()) for block in blocks)
    floor = max(loudest * 10 ** (-RANGE_DECIBELS / 10), 1e-20)
    transform = _transform(fft_size // 2 + 1, warping(sample_rate))
    return np.concatenate([0.5 * np.log(np.maximum(block, floor)) @ transform for block in blocks])


@lru_cache(maxsize=16)
def warping(sample_rate: int) -> float:
    """The all-pass constant, a multiple of 0.001, whose phase is nearest to the mel scale, 1000·log2(1 + f / 1000)."""
    angle = np.linspace(0, math.pi, 1001)
    mels = np.log1p(angle / math.pi * sample_rate / 2 / 1000)
    choices = np.arange(0, 1, 0.001)
    errors = [np.square(_warped(angle, alpha) / math.pi - mels / mels[-1]).sum() for alpha in choices]
    return float(choices[int(np.argmin(errors))])


def _warped(angle: np.ndarray, alpha: float) -> np.ndarray:
    """The phase of the all-pass (z⁻¹ - alpha) / (1 - alpha·z⁻¹), from 0 to pi."""
    return angle + 2 * np.arctan2(alpha * np.sin(angle), 1 - alpha * np.cos(angle))


@lru_cache(maxsize=16)
def _transform(num_bins: int, alpha: float) -> np.ndarray:
    """(K, D): 2/pi times the integral over the warped frequency w of the log amplitude times cos(d·w)."""
    angle = np.linspace(0, math.pi, num_bins)
    slope = (1 - alpha**2) / (1 - 2 * alpha * np.cos(angle) + alpha**2)
    slope[[0, -1]] /= 2  # the ends of the trapezoids
    orders = np.arange(1, ORDER + 1)
    return 2 / (num_bins - 1) * np.cos(_warped(angle, alpha)[:, None] * orders) * slope[:, None]
