"""`undertow speak`: text as a sound file with its picture, or as samples on stdout."""

import io
import json
import sys

import numpy as np
import pytest

from tests.refusals import assert_says
from tests.speaking.voice import RATE, Voice
from undertow.data.audio import read_audio, to_int16
from undertow.speaking import speak, stream_speak


@pytest.fixture(scope="module")
def voice():
    return Voice().eval()


@pytest.fixture(autouse=True)
def loaded(voice, monkeypatch):
    monkeypatch.setattr("undertow.checkpoint.load", lambda *_, **__: voice)


def test_a_file_a_picture_and_what_was_planned(command, voice, tmp_path):
    out, picture = tmp_path / "o.wav", tmp_path / "o.png"
    words = ["speak", "run", "One two. Zero!", "--label", "theo", "--seed", "2", "--out", out]
    outcome = command(*words, "--picture", picture, "--json")
    found = json.loads(outcome.out)
    assert outcome.status == 0 and picture.stat().st_size > 5000 and found["sample_rate"] == RATE
    assert [one["text"] for one in found["sentences"]] == ["One two.", "Zero!"] and found["first_sound"] > 0
    assert found["sentences"][0]["symbols"][1]["name"] == "W"
    assert np.array_equal(read_audio(out).wave, speak(voice, words[2], labels="theo", seed=2).wave)
    plain = command(*words, "--speed", "2")
    assert_says(plain.out, "2 sentences", "first sound", "for a second of sound")


def test_standard_input_is_spoken_whole_or_line_by_line(command, voice, tmp_path, monkeypatch):
    for options in (["--out", tmp_path / "o.wav"], ["--stream"]):
        given = io.TextIOWrapper(io.BytesIO(b"one\n\ntwo\n"))
        written = io.TextIOWrapper(io.BytesIO())
        monkeypatch.setattr(sys, "stdin", given)
        with monkeypatch.context() as inner:
            if options[0] == "--stream":
                inner.setattr("undertow.cli.speak.samples_out", lambda out=written: out.buffer)
            assert command("speak", "run", "-", *options).status == 0
        expected = np.concatenate([to_int16(one) for one in stream_speak(voice, "one\ntwo")])
        raw = written.buffer.getvalue() if options[0] == "--stream" else to_int16(read_audio(tmp_path / "o.wav").wave)
        assert np.array_equal(np.frombuffer(raw, "<i2") if isinstance(raw, bytes) else raw, expected)


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ([], ["--out", "--stream"]),
        (["--out", "o.txt"], [".wav", "o.txt"]),
        (["--out", "o.wav", "--stream"], ["--out", "--stream"]),
        (["--stream", "--picture", "o.png"], ["--picture"]),
        (["--out", "o.wav", "--speed", "9"], ["speed", "9", "5"]),
        (["--out", "o.wav", "--dictionary", "none.dict"], ["none.dict"]),
        (["--out", "o.wav", "--label", "anna"], ["anna", "theo"]),
    ],
)
def test_refusals(command, tmp_path, monkeypatch, words, parts):
    monkeypatch.chdir(tmp_path)
    outcome = command("speak", "run", "one", *words)
    assert outcome.status and not [*tmp_path.iterdir()]
    assert_says(outcome.line, *parts)
