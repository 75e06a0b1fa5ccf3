"""Samples are checked before they are encoded."""

import numpy as np

from tests.refusals import refuses
from undertow.alphabets.wave import checked_wave
from undertow.errors import DataError


def test_samples_are_clipped_at_full_scale() -> None:
    wave = checked_wave(np.array([-1.5, -1, 0.25, 2], dtype=np.float32))
    assert wave.dtype == np.float64 and wave.tolist() == [-1, -1, 0.25, 1]


def test_integers_have_no_full_scale_and_nan_no_symbol() -> None:
    with refuses(DataError, "int16", "full scale"):
        checked_wave(np.zeros(3, dtype=np.int16))
    with refuses(DataError, "sample 2 of 4", "NaN"):
        checked_wave(np.array([0, 0, np.nan, 0]))
