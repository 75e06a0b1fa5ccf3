import itertools

import numpy as np
import pytest

from undertow.alphabets.mu_law import MuLaw
from undertow.evaluation import linear_prediction
from undertow.evaluation.linear_prediction import lpc

ALPHABET = MuLaw(MuLaw.Config())


def resonance(num_steps: int, seed: int) -> np.ndarray:
    """A noise-driven resonance: x_t = 1.8 x_{t-1} - 0.95 x_{t-2} + e_t, as symbols."""
    noise = np.random.default_rng(seed).laplace(scale=0.004, size=num_steps)
    wave = np.zeros(num_steps + 2)
    for step in range(num_steps):
        wave[step + 2] = 1.8 * wave[step + 1] - 0.95 * wave[step] + noise[step]
    return ALPHABET.encode(wave[2:])


def test_is_a_distribution_over_sequences() -> None:
    """Kraft's sum is one: nothing of the future is used, and no bin is counted twice or left out."""
    small = MuLaw(MuLaw.Config(num_levels=4))
    every = itertools.product(range(4), repeat=5)
    total = sum(2 ** -(5 * lpc([np.array(symbols)], small)) for symbols in every)
    assert total == pytest.approx(1, rel=1e-12)


def test_the_future_changes_nothing_before_it() -> None:
    clip, other = resonance(400, 0), resonance(400, 1)
    ends = [400 * lpc([np.concatenate([clip[:300], end])], ALPHABET) for end in (clip[300:], other[300:])]
    begin = 300 * lpc([clip[:300]], ALPHABET)
    assert all(end > begin for end in ends) and ends[0] != ends[1]


def test_learns_a_resonance() -> None:
    clips = [resonance(3000, seed) for seed in range(3)]
    shuffled = [np.random.default_rng(0).permutation(clip) for clip in clips]
    assert lpc(clips, ALPHABET) < lpc(shuffled, ALPHABET) - 1.5


def test_clips_are_coded_apart_and_in_any_order() -> None:
    clips = [resonance(size, seed) for seed, size in enumerate((700, 31, 1200, 1, 8))]
    expected = sum(len(clip) * lpc([clip], ALPHABET) for clip in clips) / sum(map(len, clips))
    assert lpc(clips, ALPHABET) == pytest.approx(expected, rel=1e-12)
    assert lpc(clips[::-1], ALPHABET) == pytest.approx(expected, rel=1e-12)


def test_a_long_clip_is_cut_without_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    clip = resonance(12_000, 3)
    whole = lpc([clip], ALPHABET)
    monkeypatch.setattr(linear_prediction, "ROW_STEPS", 3000)
    assert lpc([clip], ALPHABET) == pytest.approx(whole, abs=1e-5)


def test_silence_and_jumps_stay_finite() -> None:
    silence, jumps = np.full(3000, 127), np.tile([0, 255], 500)
    assert lpc([silence], ALPHABET) < 0.1
    assert np.isfinite(lpc([np.concatenate([silence, jumps, silence])], ALPHABET))
