"""Bands made sound again: as long, with the bands that were sent, and nearer to the sound than silence is."""

import numpy as np
import pytest

from benchmarks.sixteen_bands import through_bands
from undertow.data.features import MelConfig, extract
from undertow.evaluation.log_spectral import log_spectral_distance

RATE, HOP = 4000, 128


def test_bands_survive():
    steps = np.arange(RATE)
    wave = (0.3 * np.sin(steps * 0.4) * np.exp(-steps / 2000)).astype(np.float32)
    found = through_bands(wave, RATE, HOP)
    assert found.shape == wave.shape and found.dtype == np.float32
    size = 4 * HOP
    settings = MelConfig(sample_rate=RATE, hop_length=HOP, window_length=size, fft_size=size, num_channels=16)
    sent, kept = (extract(settings, one)[4:-4] for one in (wave, found))
    assert kept.max(axis=1) == pytest.approx(sent.max(axis=1), abs=0.5)
    assert log_spectral_distance(wave, found, RATE) < log_spectral_distance(wave, np.zeros_like(wave), RATE)
