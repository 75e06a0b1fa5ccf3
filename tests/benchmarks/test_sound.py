import json

import numpy as np
import pytest

from benchmarks import sound
from benchmarks.record import RESULTS, ROOT

FACTS = dict(score=8.2, updates=3000, minutes=2.0, threads=1, hardware="h", commit="abc", date="2026-01-01T00:00:00")


def test_captions_are_of_the_sounds_that_were_made(tmp_path):
    assert sound.captions(tmp_path) == ""
    (tmp_path / sound.FACTS.format("digits")).write_text(json.dumps(FACTS))
    caption = sound.captions(tmp_path)
    assert "3,000 updates" in caption and "8.20 bits per sample" in caption and "chorale" not in caption
    assert 'src="sounds/digits.flac"' in caption and '<a href="sounds/digits.flac">' in caption


def test_a_sound_that_has_a_caption_is_there_and_small():
    made = [one for name, one in sound.SOUNDS.items() if (RESULTS / sound.FACTS.format(name)).is_file()]
    assert made
    for one in made:
        assert 0 < (ROOT / "docs" / one.file).stat().st_size < 100_000
        assert (ROOT / "docs" / one.picture).stat().st_size < 400_000


def test_notes_are_played_at_their_pitch_and_rests_are_silent():
    notes = np.zeros((4, 88))
    notes[:2, 48] = 1  # A4
    wave = sound.play(notes)
    size = round(sound.STEP_SECONDS * sound.RATE)
    assert wave.shape == (4 * size,) and np.abs(wave).max() == pytest.approx(0.7)
    spectrum = np.abs(np.fft.rfft(wave[:size] * np.hanning(size)))
    assert np.argmax(spectrum) * sound.RATE / size == pytest.approx(440, abs=3)
    assert not wave[3 * size :].any()
