"""Multi-resolution STFT distance: known values of a gain, the definition by torch, silence."""

import math

import numpy as np
import pytest
import torch

from tests.refusals import refuses
from undertow.errors import DataError
from undertow.evaluation.stft_distance import stft_distance

RATE = 24000
NOISE = np.random.default_rng(0).normal(0, 0.1, RATE // 4)


def test_of_waves_that_differ_by_a_gain_a_sign_or_nothing():
    assert stft_distance(NOISE, NOISE.copy(), RATE).total == 0 == stft_distance(NOISE, -NOISE, RATE).total
    half = stft_distance(NOISE, NOISE / 2, RATE)
    assert half.convergence == pytest.approx(0.5, abs=1e-3)
    assert half.log_magnitude == pytest.approx(math.log(2), abs=1e-2)
    assert half.total == pytest.approx(0.5 + math.log(2), abs=1e-2)


def test_is_the_papers_at_24_khz():
    other = NOISE + np.random.default_rng(1).normal(0, 0.05, len(NOISE))
    terms = []
    for fft, hop, size in ((512, 50, 240), (1024, 120, 600), (2048, 240, 1200)):
        window = torch.from_numpy(np.hanning(size + 2)[1:-1])
        spectra = []
        for wave in (NOISE, other):
            padded = torch.from_numpy(np.pad(wave, (size // 2, size)))
            frames = padded.unfold(0, size, hop)[: -(-len(wave) // hop)]
            spectra.append(torch.fft.rfft(frames * window, fft).abs().clamp_min(1e-7**0.5))
        one, two = spectra
        terms.append(float((one - two).norm() / one.norm() + (one.log() - two.log()).abs().mean()))
    assert stft_distance(NOISE, other, RATE).total == pytest.approx(sum(terms) / 3, rel=1e-9)


def test_silence_and_refusals():
    silence = np.zeros(2000)
    found = stft_distance(silence, NOISE[:2000], RATE)
    assert found.convergence is None is found.total and found.log_magnitude > 1
    with refuses(DataError, "(6000,)", "(5999,)"):
        stft_distance(NOISE, NOISE[1:], RATE)
    with refuses(DataError, "NaN"):
        stft_distance(NOISE, NOISE * np.nan, RATE)
