"""Trimming takes off silence and nothing else, and says how much."""

import numpy as np

from undertow.data.trim import trim_silence

RATE = 8000


def test_silence_at_both_ends_goes():
    noise = np.random.default_rng(0).normal(0, 1e-4, 3 * RATE).astype(np.float32)
    wave = noise.copy()
    wave[RATE : 2 * RATE] += 0.3 * np.sin(np.arange(RATE) * 0.3).astype(np.float32)
    kept, num_removed = trim_silence(wave, RATE, -40.0)
    margin = RATE * 2 // 100
    np.testing.assert_array_equal(kept, wave[RATE - margin : 2 * RATE + margin])
    assert num_removed == len(wave) - len(kept)


def test_silence_in_the_middle_stays():
    wave = np.zeros(3 * RATE, dtype=np.float32)
    wave[:100] = wave[-100:] = 0.5
    assert trim_silence(wave, RATE, -40.0)[1] == 0


def test_nothing_but_silence_and_very_short_clips_are_left_alone():
    for wave in (np.zeros(500, dtype=np.float32), np.ones(3, dtype=np.float32)):
        kept, num_removed = trim_silence(wave, RATE, -40.0)
        assert num_removed == 0 and len(kept) == len(wave)
