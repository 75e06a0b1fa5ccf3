"""`undertow encode` and `decode`: a sound to a small file and back, which no suffix overwrites."""

import json

import pytest

from tests.coding.fake_autoencoder import Fake
from tests.data.sounds import tone, write
from tests.refusals import assert_says

pytestmark = pytest.mark.native


@pytest.fixture
def sound(tmp_path, monkeypatch):
    """A sound; the run is `Fake`, whatever its name."""
    model = Fake().eval()
    monkeypatch.setattr("undertow.checkpoint.load", lambda *_, **__: model)
    write(tmp_path / "in.wav", tone(0.1, 16000), 16000)
    return tmp_path / "in.wav"


def test_to_a_code_file_and_back(command, sound, tmp_path):
    code, out = tmp_path / "a.utk", tmp_path / "a.wav"
    outcome = command("encode", "run", sound, code)
    assert outcome.status == 0 and code.exists()
    assert_says(outcome.out, code, code.stat().st_size, "0.10 s", "bits/s", "plain", "600")
    assert_says(outcome.err, "in.wav", "16000", "8000")
    again = command("encode", "run", sound, code)
    assert again.status == 2
    assert_says(again.line, code, "exists", "--force")
    found = json.loads(command("encode", "run", sound, code, "-f", "--json").out)
    assert found["num_bytes"] == code.stat().st_size and found["num_codes"] == [16, 4] and found["coder"] == "plain"
    outcome = command("decode", "run", code, out, "--label", "theo", "--seed", "1")
    assert outcome.status == 0 and out.exists()
    assert_says(outcome.out, out, "0.10 s", 8000)
    assert command("decode", "run", code, out).status == 2
    assert json.loads(command("decode", "run", code, out, "--force", "--json").out)["num_latents"] == 10


def test_what_is_refused(command, sound, tmp_path):
    for words, status, parts in (
        (["encode", "run", sound, sound, "-f"], 2, ["in.wav", "input"]),
        (["encode", "run", sound, tmp_path], 2, ["folder"]),
        (["encode", "run", tmp_path / "no.wav", tmp_path / "a.utk"], 1, ["no.wav"]),
        (["decode", "run", sound, tmp_path / "b.wav"], 1, ["in.wav", "not a code file"]),
        (["decode", "run", sound, tmp_path / "b.utk"], 2, ["b.utk", ".wav"]),
        (["decode", "run", sound], 2, ["OUT", "missing"]),
    ):
        outcome = command(*words)
        assert outcome.status == status
        assert_says(outcome.line, *parts)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["in.wav"]
