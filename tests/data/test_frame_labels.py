"""Labels of frames from files beside recordings, or of all of them; what is skipped, and what is wrong."""

from pathlib import Path

import pytest

from tests.data.labelled_sounds import melody, write_tones
from tests.data.speech import MEL
from tests.refusals import assert_says, refuses
from undertow.data.audacity import audacity_text
from undertow.data.frame_labels import FrameLabels
from undertow.data.intervals import Interval
from undertow.errors import DataError

CLASSES = ("high", "low")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tones(tmp_path / "tones")


def test_one_ctm_of_all(folder: Path) -> None:
    labels = FrameLabels(str(folder))
    assert labels.classes() == CLASSES
    found = labels.load("train", MEL, "label", CLASSES)
    assert [one.name for one in found.clips] == ["train/take0.wav", "train/take3.wav"]
    assert_says("\n".join(found.notes), "1 recording skipped", "no labels")
    first = found.examples.labels["label"][0]
    assert first.tolist() == [1] * 10 + [0] * 10 and found.examples.read(0, 0, 20).shape == (20, 10)
    assert FrameLabels(str(folder), rest="none").classes() == ("high", "low", "none")


def test_one_master_label_file_of_all(folder: Path) -> None:
    listed = ['"*/train/take0.lab"', "0 1000000 low", ".", '"/elsewhere/take3.rec"', "0 1000000 high", "."]
    (folder / "all.mlf").write_text("\n".join(["#!MLF!#", *listed]))
    labels = FrameLabels(str(folder), labels="all.mlf")
    found, notes = labels.read(labels.items())
    assert {name: one.intervals[0].label for name, one in found.items()} == {
        "train/take0.wav": "low",
        "train/take3.wav": "high",
    }
    assert notes == []


def test_a_file_beside_each(folder: Path) -> None:
    (folder / "labels.ctm").unlink()
    with refuses(DataError, "tones", "no labels", ".TextGrid", ".ctm"):
        FrameLabels(str(folder)).classes()
    tones = [Interval(start, stop, "high" if pitch > 1000 else "low") for start, stop, pitch in melody(0)]
    (folder / "train/take0.txt").write_text(audacity_text(tones[:1]))
    (folder / "train/take3.txt").write_text("a transcript")
    (folder / "train/take3.ctm").write_text("take3 1 0.00 0.13 high\n")
    found = FrameLabels(str(folder)).load("train", MEL, "label", CLASSES)
    assert [one.name for one in found.clips] == ["train/take0.wav", "train/take3.wav"]
    assert found.examples.labels["label"][0].tolist() == [1] * 10 + [-1] * 10
    (folder / "train/take0.lab").write_text("0 500000 low\n500000 2000000 high\n")
    found = FrameLabels(str(folder)).load("train", MEL, "label", CLASSES)
    assert found.examples.labels["label"][0].tolist() == [1] * 5 + [0] * 15
    (folder / "train/take3.ctm").write_text("take9 1 0.00 0.13 high\n")
    with refuses(DataError, "take3.ctm", "'take9'", "'take3'"):
        FrameLabels(str(folder)).load("train", MEL, "label", CLASSES)


def test_labels_that_end_after_their_sound(folder: Path) -> None:
    path = folder / "labels.ctm"
    path.write_text(path.read_text() + "take3 1 5.0 1.0 low\n" + "train/take0 1 7.0 1.0 low\nother 1 0.0 1.0 low\n")
    found = FrameLabels(str(folder)).load("train", MEL, "label", CLASSES)
    assert [one.name for one in found.clips] == ["train/take3.wav"]  # which has its own name in the file, too
    assert_says("\n".join(found.notes), "take0.wav", "labels.ctm", "8.00 s", "0.20 s")
    assert_says("\n".join(found.notes), "2 recordings left out", "take3")


def test_labels_of_other_recordings(folder: Path) -> None:
    (folder / "labels.ctm").write_text("song 1 0.0 1.0 low\n")
    with refuses(DataError, "labels.ctm", "none of the recordings", "'song'", "'take2'"):
        FrameLabels(str(folder)).classes()
    (folder / "more.rttm").write_text("")
    with refuses(DataError, "labels.ctm, more.rttm", "data.labels"):
        FrameLabels(str(folder)).classes()
    with refuses(DataError, "metadata.csv", ".ctm"):
        FrameLabels(str(folder), labels="metadata.csv").classes()


def test_the_named_set(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERTOW_DATA", str(real_data))
    labels = FrameLabels("prompts")
    found, notes = labels.read(labels.items())
    assert len(found) == 500 and len(labels.classes()) == 39 and not notes
    assert [one.split for one in labels.items()].count("test") == 54
