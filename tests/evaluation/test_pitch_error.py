"""The error of pitch: known values of shifted voices, of voices that are silent in part, and of no voice at all."""

import numpy as np
import pytest

from tests.data.test_pitch import voice
from tests.refusals import refuses
from undertow.errors import DataError
from undertow.evaluation.pitch_error import pitch_error

RATE = 16000
VOICE = voice(np.full(RATE, 150.0))


def test_a_shift_of_100_cents():
    found = pitch_error(VOICE, voice(np.full(RATE, 150.0 * 2 ** (100 / 1200))), RATE)
    assert found.cents == pytest.approx(100, abs=1.5)
    assert found.hertz == pytest.approx(150 * (2 ** (1 / 12) - 1), abs=0.2)
    assert found.voicing == 1 and found.num_frames == 200
    same = pitch_error(VOICE, VOICE / 4, RATE)
    assert same.cents == pytest.approx(0, abs=0.01) and same.voicing == 1


def test_voicing_counts_frames():
    half = VOICE.copy()
    half[RATE // 2 :] = 0
    found = pitch_error(VOICE, half, RATE)
    assert found.voicing == pytest.approx(2 / 3, abs=0.02) and found.cents < 5
    assert pitch_error(half, VOICE, RATE).voicing == found.voicing


def test_silence_and_refusals():
    silence = np.zeros_like(VOICE)
    assert pitch_error(VOICE, silence, RATE)[:3] == (None, None, 0.0)
    assert pitch_error(silence, silence, RATE)[:3] == (None, None, None)
    with refuses(DataError, "(16000,)", "(15999,)"):
        pitch_error(VOICE, VOICE[1:], RATE)
