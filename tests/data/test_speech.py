"""Recordings with the times of their phones, or of their words: what is read, left out and refused."""

from pathlib import Path

import numpy as np
import pytest

from tests.data.labelled_sounds import write_tones
from tests.models.voices import SMALL_MEL, mel_voice, voice
from tests.refusals import assert_says, refuses
from undertow.data.features import build
from undertow.data.frame_labels import FrameLabels
from undertow.data.intervals import Interval
from undertow.data.speech import HZ, PLACE, SYMBOL, Aligned, SpokenFrames, spelt, symbols_of_frames
from undertow.errors import DataError

NEEDS = voice(symbols=("SIL", "high", "low"), sample_rate=8000, hop_length=80).needs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tones(tmp_path / "tones")


def load(folder: Path):
    return Aligned(FrameLabels(str(folder))).load("train", NEEDS, 60, 400)


def test_each_frame_has_its_symbol_and_pitch(folder: Path) -> None:
    assert Aligned(FrameLabels(str(folder))).symbols() == ("SIL", "high", "low")
    found = load(folder)
    assert len(found) == 2 and found.hop == 80 and found.num_spoken == 2 + 3
    assert_says("\n".join(found.notes), "1 recording left out", "times")
    source = found.source(0)
    assert source[:, SYMBOL].tolist() == [2] * 10 + [1] * 10 and source[:, PLACE].tolist() == [0] * 10 + [1] * 10
    assert np.allclose(source[2:8, HZ], 300, rtol=0.01) and found.frames(0)[:, 0].tolist() == [*range(20)]


def test_steps_are_frames_for_a_voice_that_writes_them(folder: Path) -> None:
    features = {**SMALL_MEL["features"], "sample_rate": 8000, "hop_length": 80, "window_length": 160, "fft_size": 256}
    needs = mel_voice(symbols=("SIL", "high", "low"), pause="SIL", words={}, features=features).needs
    found = Aligned(FrameLabels(str(folder))).load("train", needs, 60, 400)
    assert isinstance(found, SpokenFrames) and found.hop == 1 and found.lengths.tolist() == [20, 39]
    mel = build(needs.features).of_clip(found.clips[0])
    assert np.array_equal(found.read(0, 3, 20), mel[3:20]) and found.step_shape == (5,)
    assert np.array_equal(found.source(0), load(folder).source(0)) and found.frames(0)[:, 0].tolist() == [*range(20)]


def test_gaps_are_pauses_and_every_frame_has_a_symbol() -> None:
    one = [Interval(0.02, 0.05, "A"), Interval(0.05, 0.05, "B"), Interval(0.06, 0.08, "SIL"), Interval(0.1, 0.2, "C")]
    found = symbols_of_frames(one, 15, 0.01, "SIL")
    assert found == [("SIL", 2), ("A", 3), ("SIL", 5), ("C", 5)] and sum(n for _, n in found) == 15
    assert symbols_of_frames(one, 30, 0.01, "SIL")[-1] == ("SIL", 10)


def test_words_become_characters_and_phones_lose_their_stress() -> None:
    words = [Interval(0, 0.3, "Hi"), Interval(0.3, 0.6, "it’s"), Interval(0.6, 0.7, "sp"), Interval(0.7, 0.9, "ho")]
    found = spelt(words, "characters")
    assert "".join(one.label for one in found) == "hi it's_ho"
    assert [round(one.start, 2) for one in found[:4]] == [0, 0.15, 0.3, 0.36]
    assert [one.label for one in spelt([Interval(0, 1, "AH0"), Interval(1, 2, "a3")], "phones")] == ["AH", "a3"]


def test_what_is_left_out_and_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, text = folder / "labels.ctm", (folder / "labels.ctm").read_text()
    path.write_text(text + "train/take0 1 7.0 1.0 low\n")  # behind the end of its sound
    found = load(folder)
    assert len(found) == 1
    assert_says("\n".join(found.notes), "take0.wav", "labels.ctm", "8.00 s", "0.20 s")
    monkeypatch.setattr("undertow.data.speech.MOST_SECONDS", 0.25)
    path.write_text(text)
    found = load(folder)
    assert len(found) == 1
    assert_says("\n".join(found.notes), "take3.wav", "sentences")
    monkeypatch.undo()
    path.write_text(text.replace("low", "middle"))
    with refuses(DataError, "train", "'middle'"):
        load(folder)
    path.write_text(text + "train/take0 1 0.05 0.10 low\n")
    with refuses(DataError, "labels.ctm", "line", "'low'"):
        load(folder)
    path.write_text("nobody 1 0.0 0.1 low\n")
    with refuses(DataError, "labels.ctm", "'nobody'"):
        load(folder)
