"""Every reading of a mel spectrum undoes what it names."""

import numpy as np
import pytest

from tests.data.mels import DECIBELS, DIGITS, LOG10, digits, of
from undertow.data.mel_readings import readings

SPECTRUM = tuple(np.linspace(-3, -6, 40))
WAYS = {
    "": lambda wave: of(wave),
    "log10 for ln": lambda wave: of(wave) / LOG10,
    "powers for amplitudes": lambda wave: of(wave, power=2),
    "bands of height 1 for bands of area 1": lambda wave: of(wave, norm=None),
    "dB for ln": lambda wave: of(wave) / DECIBELS,
    "log10 for ln; powers for amplitudes": lambda wave: of(wave, power=2, floor=1e-10) / LOG10,
    "a wave of whole numbers up to 32,768 for one in [-1, 1]": lambda wave: of(wave * 32768),
}


@pytest.mark.parametrize("words", WAYS)
def test_a_reading_gives_the_models_own_frames(real_data, words):
    wave = digits(real_data, "theo")[1]
    found = next(one for one in readings(DIGITS, SPECTRUM) if one.words == words)
    own, read = of(wave), np.maximum(found.read(WAYS[words](wave)), np.log(DIGITS.floor))
    loud = own > -8  # above all floors, also of powers
    assert np.abs(read - own)[loud].mean() < 0.3, "powers of a band are not flat"
    assert abs((read - own)[loud].mean()) < 0.3


def test_bands_elsewhere_move_the_spectrum_that_is_expected():
    ends = [one for one in readings(DIGITS, SPECTRUM) if "fmax" in one.words]
    assert ends[0].spectrum_shift[20] > 0 > ends[-1].spectrum_shift[20], "bands lower down, and higher up"
    assert all("3,7" not in one.words for one in ends), "a few percent are not told apart"
