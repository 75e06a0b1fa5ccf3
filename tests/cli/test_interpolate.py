"""`undertow interpolate`: the sounds between two files, in one file, with a picture."""

import json

import pytest

from tests.data.sounds import tone, write
from tests.reconstruction.echo import Echo
from tests.refusals import assert_says
from undertow.data.audio import read_audio

pytestmark = pytest.mark.native


def test_sounds_between_two(command, tmp_path, monkeypatch):
    model = Echo().eval()
    monkeypatch.setattr("undertow.checkpoint.load", lambda *_, **__: model)
    one, other = tmp_path / "a.wav", tmp_path / "b.wav"
    for path in (one, other):
        write(path, tone(0.1))
    words = ["interpolate", "run", one, other, "--steps", "3", "--label", "theo", "--out", tmp_path / "o.wav"]
    outcome = command(*words, "--picture", tmp_path / "p.png", "--json")
    found = json.loads(outcome.out)
    assert outcome.status == 0 and found["shares"] == [0, 0.5, 1]
    assert len(read_audio(tmp_path / "o.wav").wave) == 3 * len(read_audio(one).wave)
    assert (tmp_path / "p.png").is_file()
    assert_says(command(*words).out, "o.wav", "3 sounds")
    assert_says(command(*words, "--picture", tmp_path / "p.jpg").line, "p.jpg", ".png")
    assert_says(command(*words[:-1], one).line, "overwrite", "a.wav")
    assert command(*words, "--steps", "1").status == 2
