"""Trimming takes off silence and nothing else, and says how much."""

import numpy as np

from undertow.data.trim import Levels

RATE = 8000


def trimmed(wave: np.ndarray, threshold: float, num_blocks: int = 1) -> tuple[int, int]:
    levels = Levels(RATE)
    for block in np.array_split(wave, num_blocks):
        levels.add(block)
    return levels.trimmed(threshold)


def test_silence_at_both_ends_goes():
    noise = np.random.default_rng(0).normal(0, 1e-4, 3 * RATE).astype(np.float32)
    wave = noise.copy()
    wave[RATE : 2 * RATE] += 0.3 * np.sin(np.arange(RATE) * 0.3).astype(np.float32)
    margin = RATE * 2 // 100
    assert trimmed(wave, -40.0) == trimmed(wave, -40.0, 7) == (RATE - margin, 2 * RATE + margin)


def test_silence_in_the_middle_stays():
    wave = np.zeros(3 * RATE, dtype=np.float32)
    wave[:100] = wave[-100:] = 0.5
    assert trimmed(wave, -40.0) == (0, len(wave))


def test_nothing_but_silence_and_very_short_clips_are_left_alone():
    for wave in (np.zeros(500, dtype=np.float32), np.ones(3, dtype=np.float32)):
        assert trimmed(wave, -40.0) == (0, len(wave))
