"""Windows hold every sample once, are no longer than asked, and end where the sound is quietest."""

import numpy as np
import pytest

from undertow.decoding.windows import quietest, windows

RATE = 1000


def noise(num_samples: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(-0.5, 0.5, num_samples).astype(np.float32)


@pytest.mark.parametrize("num_samples", [1, 999, 1000, 1001, 5000, 12_345])
@pytest.mark.parametrize("block", [100, 777, 20_000])
def test_every_sample_is_in_one_window(num_samples, block):
    wave = noise(num_samples)
    blocks = [wave[first : first + block] for first in range(0, num_samples, block)]
    found = list(windows(blocks, RATE, 1000))
    np.testing.assert_array_equal(np.concatenate([one.wave for one in found]), wave)
    assert [one.start for one in found] == np.cumsum([0, *(len(one.wave) for one in found)])[:-1].tolist()
    assert all(len(one.wave) <= 1000 for one in found) and min(len(one.wave) for one in found) >= min(125, num_samples)
    whole = list(windows([wave], RATE, 1000))
    assert [one.start for one in whole] == [one.start for one in found]
    assert len(found) > 1 or num_samples <= 1000


def test_a_pause_is_where_it_is_cut():
    wave = noise(10_000)
    wave[6000:6300] = 0
    place, in_pause = quietest(wave, RATE)
    assert place == pytest.approx(6150, abs=60) and in_pause
    assert not quietest(noise(10_000), RATE).in_pause and not quietest(noise(3), RATE).in_pause
    ends = [one.ends_in_pause for one in windows([np.concatenate([wave, noise(9000)])], RATE, 10_000)]
    assert ends == [True, False, True]


def test_nothing_and_very_short_windows():
    assert list(windows([], RATE, 1000)) == [] == list(windows([np.zeros(0, np.float32)], RATE, 10))
    assert [len(one.wave) for one in windows([noise(7)], RATE, 3)] == [3, 3, 1]
