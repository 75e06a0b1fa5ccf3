"""Log-spectral distance: 0 of the same sound, a gain in decibels, deaf to phase and to what is fainter than 60 dB."""

import numpy as np
import pytest

from tests.refusals import refuses
from undertow.errors import DataError
from undertow.evaluation.log_spectral import log_spectral_distance

RATE = 8000
NOISE = np.random.default_rng(0).normal(0, 0.1, RATE)


def test_of_waves_that_differ_by_a_gain_a_sign_or_nothing():
    assert log_spectral_distance(NOISE, NOISE.copy(), RATE) == 0 == log_spectral_distance(NOISE, -NOISE, RATE)
    assert log_spectral_distance(NOISE, NOISE / 2, RATE) == pytest.approx(20 * np.log10(2), abs=1e-3)
    tone = 0.5 * np.sin(2 * np.pi * 500 / RATE * np.arange(RATE))
    assert log_spectral_distance(tone, tone + 1e-6 * NOISE, RATE) < 0.01
    assert log_spectral_distance(tone, np.zeros(RATE), RATE) > 5


@pytest.mark.parametrize("block", [1 << 12, 3])
def test_is_the_definition(block, monkeypatch):
    monkeypatch.setattr("undertow.evaluation.short_time.BLOCK", block)
    one, two = NOISE[:1000], np.roll(NOISE, 77)[:1000]
    size, hop, pads = 256, 64, (128, 256)
    window = np.hanning(size + 2)[1:-1]
    spectra = [
        np.array([np.abs(np.fft.rfft(np.pad(wave, pads)[at : at + size] * window)) ** 2 for at in range(0, 1000, hop)])
        for wave in (one, two)
    ]
    levels = [10 * np.log10(np.maximum(one, spectra[0].max() * 1e-6)) for one in spectra]
    expected = np.mean([np.sqrt(np.mean((a - b) ** 2)) for a, b in zip(*levels, strict=True)])
    assert log_spectral_distance(one, two, RATE) == pytest.approx(expected, rel=1e-12)


def test_refusals():
    with refuses(DataError, "(8000,)", "(7999,)"):
        log_spectral_distance(NOISE, NOISE[1:], RATE)
    with refuses(DataError, "NaN"):
        log_spectral_distance(NOISE, np.full(RATE, np.nan), RATE)
