"""A drawn sound: its wave, its file and its speed."""

from dataclasses import dataclass

import numpy as np
import pytest

from tests.refusals import refuses
from undertow.data.audio import read_audio
from undertow.errors import UsageError
from undertow.generation.drawn import Drawn


@dataclass
class Tone(Drawn):
    drawn: np.ndarray
    sample_rate: int = 8000
    seconds: float = 0.5


def test_its_file_is_what_was_drawn(tmp_path):
    tone = Tone(np.arange(-4000, 4000, dtype=np.int16))
    assert tone.realtime_factor == 0.5 and Tone(tone.drawn[:0]).realtime_factor == pytest.approx(4000)
    found = read_audio(tone.save(tmp_path / "tone.wav"), 8000)
    assert np.array_equal(found.wave, tone.wave) and tone.wave[0] == -4000 / 2**15
    with refuses(UsageError, ".txt"):
        tone.save(tmp_path / "tone.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["tone.wav"]
