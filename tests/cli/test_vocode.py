"""`undertow vocode`: files, folders and standard input, to files and to stdout."""

import io
import json
from types import SimpleNamespace

import numpy as np
import pytest

from tests.data.sounds import tone, write
from tests.refusals import assert_says
from tests.vocoding.vocoders import BANDS, RATE, vocoder
from undertow.cli import speak
from undertow.data.audio import read_audio, to_float, to_int16
from undertow.data.features import extract
from undertow.vocoding import vocode

pytestmark = pytest.mark.native


@pytest.fixture
def given(tmp_path, monkeypatch):
    """A folder with two sounds and two mels, the vocoder, and its mel of a sound."""
    model = vocoder().eval()
    monkeypatch.setattr("undertow.checkpoint.load", lambda *_, **__: model)
    mel = extract(model.needs.features, to_float(to_int16(tone(0.1))))
    folder = tmp_path / "in"
    write(folder / "a.wav", tone(0.1))
    write(folder / "deep/b.flac", tone(0.1))
    np.save(folder / "c.npy", mel)
    np.save(folder / "deep/d.npy", mel.T)
    return SimpleNamespace(model=model, folder=folder, mel=mel)


def test_a_folder_keeps_its_names(command, given, tmp_path):
    np.save(given.folder / "e.npy", given.mel[:, :3])
    outcome = command("vocode", "run", given.folder, "--out", tmp_path / "o", "--label", "theo", "--json")
    found = json.loads(outcome.out)
    assert outcome.status == 1 and len(found["faults"]) == 1 and "e.npy" in found["faults"][0]
    assert [one["of"] for one in found["files"]][0] == "a.wav" and found["files"][0]["engine"] == "native"
    names = sorted(path.relative_to(tmp_path / "o").as_posix() for path in (tmp_path / "o").rglob("*.wav"))
    assert names == ["a.wav", "c.wav", "deep/b.wav", "deep/d.wav"]
    expected = vocode(given.model, given.mel, labels="theo").wave
    drawn = [read_audio(tmp_path / "o" / name).wave for name in names]
    assert np.array_equal(drawn[1], expected) and np.array_equal(drawn[3], expected), "the frames"
    assert len(drawn[0]) == len(drawn[2]) == RATE // 10, "the sounds"


def test_a_stream_is_the_file(command, given, tmp_path, monkeypatch):
    outcome = command("vocode", "run", given.folder / "c.npy", "--out", tmp_path / "c.wav", "--seed", "4")
    assert outcome.status == 0
    assert_says(outcome.out, "c.wav", "native", "second of sound")
    expected = to_int16(read_audio(tmp_path / "c.wav").wave).astype("<i2").tobytes()
    for source, sent in (("-", given.mel.astype("<f4").tobytes()), (given.folder / "c.npy", b"")):
        samples = io.BytesIO()
        monkeypatch.setattr(speak, "samples_out", lambda samples=samples: samples)
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(sent))))
        assert command("vocode", "run", source, "--stream", "--seed", "4").status == 0
        assert samples.getvalue() == expected


@pytest.mark.parametrize(
    ("sent", "parts"),
    [
        (b"", ["no frames"]),
        (b"abc", ["within a frame", 3, f"{BANDS} float32"]),
        (b"\x93NUMPY\x01\x00 and so on", [".npy", "name"]),
        (np.full((1, BANDS), np.nan, "<f4").tobytes(), ["standard input", "NaN"]),
    ],
)
def test_bad_standard_input(command, given, tmp_path, monkeypatch, sent, parts):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(sent))))
    outcome = command("vocode", "run", "-", "--out", tmp_path / "o.wav")
    assert outcome.status == 1 and not (tmp_path / "o.wav").exists()
    assert_says(outcome.line, *parts)


def test_what_is_refused(command, given, tmp_path):
    folder = given.folder
    for words, parts in (
        ([folder / "c.npy"], ["--out", "--stream"]),
        ([folder / "c.npy", "--out", tmp_path / "o.wav", "--stream"], ["not both"]),
        ([folder / "c.npy", "--stream", "--json"], ["--json"]),
        ([folder, "--stream"], ["folder"]),
        ([folder, "--out", tmp_path / "o.wav"], ["folder", "o.wav"]),
        ([folder / "c.npy", "--out", tmp_path / "o.txt"], ["o.txt", ".wav"]),
        ([folder / "a.wav", "--out", folder / "a.wav"], ["overwrite"]),
        ([folder / "x.npy", "--out", tmp_path / "o.wav"], ["x.npy"]),
        ([folder / "c.npy", "--out", tmp_path / "o.wav", "--label", "anna"], ["'anna'", "theo"]),
    ):
        outcome = command("vocode", "run", *words)
        assert outcome.status in (1, 2)
        assert_says(outcome.line, *parts)
    np.save(folder / "a.npy", given.mel)
    assert_says(command("vocode", "run", folder, "--out", tmp_path / "o").line, "a.npy", "a.wav")
    assert not list(tmp_path.glob("o*"))
