"""Mel-cepstral distortion: 0 of the same sound at any level, the definition by a slow reference, and alignment."""

import math

import numpy as np
import pytest

from tests.refusals import refuses
from undertow.data.audio import read_audio
from undertow.errors import DataError
from undertow.evaluation.mel_cepstral import definition, mel_cepstra, mel_cepstral_distortion, warping

RATE = 8000
GENERATOR = np.random.default_rng(0)
NOISE = GENERATOR.normal(0, 0.1, 4000)


def low_passed(wave: np.ndarray) -> np.ndarray:
    return np.convolve(wave, [0.5, 0.5])[: len(wave)]


def test_is_0_of_the_same_sound_and_deaf_to_gain_and_sign():
    assert mel_cepstral_distortion(NOISE, NOISE.copy(), RATE) == 0
    assert mel_cepstral_distortion(NOISE, -NOISE / 4, RATE) < 1e-9
    assert mel_cepstral_distortion(np.zeros(800), np.zeros(800), RATE) < 1e-9
    assert 1 < mel_cepstral_distortion(NOISE, low_passed(NOISE), RATE) < 30


def freqt(cepstrum: np.ndarray, order: int, alpha: float) -> np.ndarray:
    """Oppenheim and Johnson's recursion, as SPTK has it: a cepstrum warped by an all-pass."""
    warped = np.zeros(order + 1)
    for value in cepstrum[::-1]:
        before = warped.copy()
        warped[0] = value + alpha * before[0]
        if order:
            warped[1] = (1 - alpha**2) * before[0] + alpha * before[1]
        for m in range(2, order + 1):
            warped[m] = before[m - 1] + alpha * (before[m] - warped[m - 1])
    return warped


def slow(wave: np.ndarray) -> np.ndarray:
    """Coefficients 1 to 24 of frames of 200 samples every 40, by the recursion."""
    window, padded = np.hanning(202)[1:-1], np.pad(wave, (100, 200))
    powers = [np.abs(np.fft.rfft(padded[at : at + 200] * window, 512)) ** 2 for at in range(0, len(wave), 40)]
    floor = max(power.max() for power in powers) * 1e-6
    found = []
    for power in powers:
        cepstrum = np.fft.irfft(0.5 * np.log(np.maximum(power, floor)))[:257]
        cepstrum[1:256] *= 2
        found.append(freqt(cepstrum, 24, warping(RATE))[1:])
    return np.array(found)


def test_is_the_definition():
    one, two = NOISE[:400], low_passed(NOISE)[:400]
    np.testing.assert_allclose(mel_cepstra(one, RATE), slow(one), atol=1e-6)
    expected = np.mean(10 / math.log(10) * np.sqrt(2 * ((slow(one) - slow(two)) ** 2).sum(axis=1)))
    assert mel_cepstral_distortion(one, two, RATE) == pytest.approx(expected, rel=1e-5)


def test_warping_is_that_of_the_mel_scale():
    """Values that SPTK's users take."""
    found = [warping(rate) for rate in (8000, 16000, 44100)]
    assert found == pytest.approx([0.312, 0.41, 0.544], abs=0.002)


def test_alignment_finds_the_same_frames_at_other_times():
    longer = np.concatenate([NOISE[:2000], NOISE[1960:]])
    assert mel_cepstral_distortion(NOISE, longer, RATE, is_warped=True) < 1
    assert mel_cepstral_distortion(NOISE, NOISE, RATE, is_warped=True) == 0
    rows, columns = mel_cepstra(NOISE[:400], RATE), mel_cepstra(low_passed(NOISE)[:600], RATE)
    between = np.sqrt(((rows[:, None] - columns) ** 2).sum(axis=2))
    best = np.full((len(rows) + 1, len(columns) + 1, 2), math.inf)
    best[0, 0] = 0
    for i in range(len(rows)):
        for j in range(len(columns)):
            cost, steps = min((best[i, j], best[i + 1, j], best[i, j + 1]), key=lambda one: one[0])
            best[i + 1, j + 1] = cost + between[i, j], steps + 1
    expected = 10 * math.sqrt(2) / math.log(10) * best[-1, -1, 0] / best[-1, -1, 1]
    found = mel_cepstral_distortion(NOISE[:400], low_passed(NOISE)[:600], RATE, is_warped=True)
    assert found == pytest.approx(expected, rel=1e-6)


def test_other_words_are_farther_than_a_little_noise(real_data):
    one, two = (read_audio(real_data / f"fsdd/recordings/{name}_george_0.wav").wave for name in (3, 7))
    noisy = one + GENERATOR.normal(0, one.std() / 10, len(one)).astype(np.float32)
    warped = [mel_cepstral_distortion(one, other, RATE, is_warped=True) for other in (noisy, two)]
    assert 0 < warped[0] < warped[1] < 20


def test_words_and_refusals():
    assert "0.312" in definition(8000) and "1 to 24" in definition(8000) and "warping" in definition(8000, True)
    with refuses(DataError, "(4000,)", "(3999,)"):
        mel_cepstral_distortion(NOISE, NOISE[1:], RATE)
    with refuses(DataError, "(0,)"):
        mel_cepstral_distortion(NOISE, NOISE[:0], RATE, is_warped=True)
    with refuses(DataError, "NaN"):
        mel_cepstral_distortion(NOISE, NOISE * np.nan, RATE)
