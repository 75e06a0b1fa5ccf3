"""The statistics of a training set's mel frames: what changes them, and what does not."""

import numpy as np
import pytest

from tests.data.mels import DIGITS, digits, of
from undertow.data.mel_statistics import GRAIN, LEVEL, MOVEMENT, RANGE, SHAPES, measure, mel_statistics


def test_of_frames_that_are_known():
    generator = np.random.default_rng(0)
    frames = [generator.normal(-4, 1, (100, 40)).astype(np.float32) for _ in range(3)]
    found = mel_statistics([*frames, np.full((100, 40), np.log(1e-5), np.float32)], DIGITS)
    assert found.piece == 100 and found.num_pieces == 3, "digital silence is counted, but not measured"
    assert found.floor_share == 0.25 and found.lowest == round(float(np.log(1e-5)), 4)
    assert found.highest == round(float(max(one.max() for one in frames)), 4)
    assert len(found.spectrum) == 40 and found.centre[LEVEL] == pytest.approx(np.mean(found.spectrum), abs=1e-3)
    assert np.abs(found.centre[SHAPES]).max() < 1e-3, "the shapes are those of the difference from the mean spectrum"


def test_a_unit_moves_four_measures_alike_and_a_level_one(real_data):
    mel = of(digits(real_data, "theo")[0]).astype(np.float64)
    here, there = measure(mel).values, measure(mel * 2 + 1).values
    for place in (RANGE, MOVEMENT, GRAIN):
        assert there[place] - here[place] == pytest.approx(np.log(2), abs=1e-4)
    moved = measure(mel + 3).values - here
    assert moved[LEVEL] == pytest.approx(3) and np.abs(moved[1:]).max() < 1e-9


@pytest.mark.filterwarnings("error")
def test_too_little_has_no_statistics():
    one = np.zeros((1, 40), np.float32)
    assert mel_statistics([], DIGITS) is None
    assert mel_statistics([one], DIGITS) is None
    assert mel_statistics([np.full((200, 40), -20.0, np.float32)], DIGITS) is None
    values = measure(one.astype(np.float64)).values
    assert np.isnan(values[[MOVEMENT, GRAIN]]).all() and np.isfinite(values[LEVEL])
