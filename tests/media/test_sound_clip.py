"""Sounds that are given: files and waves, silence too, as clips."""

from pathlib import Path

import numpy as np

from tests.data.sounds import tone, write
from tests.refusals import refuses
from undertow.data.audio import to_float
from undertow.errors import DataError
from undertow.media.sound_clip import read_sound


def test_a_file_and_its_wave_are_the_same_clip(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", tone(0.1))
    clip, notes = read_sound(tmp_path / "a.wav", 8000)
    assert clip.name == str(tmp_path / "a.wav") and len(clip) == 800 and notes == ()
    assert np.array_equal(read_sound(to_float(clip.wave), 8000)[0].wave, clip.wave)
    write(tmp_path / "silent.wav", np.zeros(800))
    assert not read_sound(tmp_path / "silent.wav", 8000)[0].wave.any()
    with refuses(DataError, "empty"):
        read_sound(np.zeros(0, np.float32), 8000)
