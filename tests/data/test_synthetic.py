"""Plucked strings: the same for the same seed, at the pitch their label says, each split its own."""

import numpy as np
import pytest

from undertow.data.audio import is_silent
from undertow.data.load import load_clips
from undertow.data.synthetic import PITCHES, pluck, plucked_strings


def test_a_seed_makes_the_note():
    np.testing.assert_array_equal(pluck(220.0, 0.3, 8000, 5), pluck(220.0, 0.3, 8000, 5))
    assert np.abs(pluck(220.0, 0.3, 8000, 5) - pluck(220.0, 0.3, 8000, 6)).max() > 0.1


@pytest.mark.parametrize("frequency", [110.0, 207.65])
def test_pitch_and_decay(frequency):
    wave = pluck(frequency, 1.0, 16000, 0)
    assert wave.shape == (16000,) and wave.dtype == np.float32 and np.abs(wave).max() <= 1
    later = wave[2000:10000].astype(np.float64)
    correlation = [later[lag:] @ later[: len(later) - lag] for lag in range(20, 400)]
    assert 16000 / (20 + int(np.argmax(correlation))) == pytest.approx(frequency, rel=0.02)
    assert np.square(wave[-2000:]).mean() < 0.25 * np.square(wave[:2000]).mean()


def test_it_is_the_recursion_written_out():
    period = 7
    expected = list(pluck(8000 / period, period / 8000, 8000, 3).astype(np.float64))
    for step in range(period, 60):
        before = expected[step - period - 1] if step > period else 0.0
        expected.append(0.498 * (expected[step - period] + before))
    np.testing.assert_allclose(pluck(8000 / period, 60 / 8000, 8000, 3), expected, atol=1e-6)


def test_clip_sets():
    train, test = load_clips("plucked"), load_clips("plucked", "test")
    assert (len(train), len(test), train.sample_rate) == (240, 24, 8000)
    assert {clip.labels["pitch"] for clip in test} == set(PITCHES) == set(train.label_classes["pitch"])
    assert not {clip.wave.tobytes() for clip in train} & {clip.wave.tobytes() for clip in test}
    assert len({len(clip) for clip in train}) > 100 and not any(is_silent(clip.samples) for clip in train)
    assert len(load_clips("plucked", "all")) == 288
    assert len(plucked_strings(num_clips=3, seconds=0.1, sample_rate=16000)[0]) in range(1280, 1601)
