"""`undertow reconstruct`: files and folders of sound drawn again, with their own labels or with others."""

import json

import numpy as np
import pytest

from tests.data.sounds import tone, write
from tests.reconstruction.echo import RATE, Echo
from tests.refusals import assert_says
from undertow.data.audio import read_audio
from undertow.reconstruction import reconstruct

pytestmark = pytest.mark.native


@pytest.fixture
def sounds(tmp_path, monkeypatch):
    """A folder with two sounds and a table of speakers; the run is `Echo`, whatever its name."""
    model = Echo().eval()
    monkeypatch.setattr("undertow.checkpoint.load", lambda *_, **__: model)
    folder = tmp_path / "in"
    for name in ("a.wav", "deep/b.flac"):
        write(folder / name, tone(0.1))
    (folder / "metadata.csv").write_text("file,speaker\na.wav,theo\ndeep/b.flac,anna\n")
    return model, folder


def test_a_file(command, sounds, tmp_path):
    model, folder = sounds
    words = ["reconstruct", "run", folder / "a.wav", "--out", tmp_path / "o.wav", "--label", "theo", "--seed", "2"]
    outcome = command(*words)
    assert outcome.status == 0
    assert_says(outcome.out, "o.wav", "speaker=theo", "dB", "100.0 bits a second", "log2(4)", "root mean square")
    expected = reconstruct(model, folder / "a.wav", labels="theo", seed=2).wave
    assert np.array_equal(read_audio(tmp_path / "o.wav").wave, expected)
    assert command("reconstruct", "run", folder / "a.wav", "--out", tmp_path / "o.txt").status == 2
    assert_says(command("reconstruct", "run", folder / "a.wav", "--out", folder / "a.wav").line, "overwrite", "a.wav")


def test_a_folder_is_drawn_with_its_own_labels_or_with_another(command, sounds, tmp_path):
    _, folder = sounds
    (folder / "c.wav").write_bytes(b"no sound")
    outcome = command("reconstruct", "run", folder, "--out", tmp_path / "o", "--json")
    found = json.loads(outcome.out)
    assert outcome.status == 1 and len(found["faults"]) == 1 and "c.wav" in found["faults"][0]
    assert [one["labels"] for one in found["files"]] == [{"speaker": "theo"}, {}]
    assert found["bits_per_second"] == 100 and found["log_spectral_distance"] > 0
    assert {path.name for path in (tmp_path / "o").rglob("*.wav")} == {"a.wav", "b.wav"}
    assert read_audio(tmp_path / "o/deep/b.wav").sample_rate == RATE
    outcome = command("reconstruct", "run", folder, "--out", tmp_path / "p", "--label", "lucas", "--json")
    assert [one["labels"]["speaker"] for one in json.loads(outcome.out)["files"]] == ["lucas", "lucas"]


def test_what_is_refused(command, sounds, tmp_path):
    _, folder = sounds
    for words, parts in (
        ([folder, "--out", tmp_path / "o.wav"], ["folder", "o.wav"]),
        ([folder / "a.wav", "--out", tmp_path / "no/o.wav"], ["no"]),
        ([folder / "a.wav", "--out", tmp_path / "o.wav", "--label", "anna"], ["'anna'", "theo"]),
        ([folder / "x.wav", "--out", tmp_path / "o.wav"], ["x.wav"]),
    ):
        outcome = command("reconstruct", "run", *words)
        assert outcome.status in (1, 2)
        assert_says(outcome.line, *parts)
    write(folder / "a.flac", tone(0.1))
    assert_says(command("reconstruct", "run", folder, "--out", tmp_path / "o").line, "a.flac", "a.wav")
    assert not list(tmp_path.glob("o*"))
