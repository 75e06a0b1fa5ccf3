"""`undertow units`: files of units, and their measures."""

import json

import pytest

from tests.coding.fake_autoencoder import Fake
from tests.data.sounds import tone, write
from tests.refusals import assert_says


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two sounds; the run is `Fake`, whatever its name."""
    model = Fake().eval()
    monkeypatch.setattr("undertow.checkpoint.load", lambda *_, **__: model)
    write(tmp_path / "in/3_theo.wav", tone(0.1))
    write(tmp_path / "in/5_theo.wav", 0.3 * tone(0.1))
    return tmp_path / "in"


def test_files_and_measures(command, folder, tmp_path):
    pattern = ["--label-pattern", "{digit}_{speaker}"]
    outcome = command("units", "run", folder, "--out", tmp_path / "out", "--score", "--target", "digit", *pattern)
    assert outcome.status == 0
    assert_says(outcome.out, "2 recordings", "20 units", "[16, 4]", "units.jsonl", "600.0 bits/s", "adapt")
    assert_says(outcome.out, "perplexity", "fixed", "deduplicated", "coded", "phone purity", "PNMI", "2 classes")
    found = json.loads(command("units", "run", folder, "--score", "--json").out)
    assert found["bitrates"]["fixed"] == 600 and found["purity"] is None and found["files"] == []
    assert command("units", "run", folder, "--out", tmp_path / "out", "--format", "km").status == 0
    assert {"units.km", "units.tsv", "dict.km.txt"} <= {one.name for one in (tmp_path / "out").iterdir()}


def test_what_is_refused(command, folder, tmp_path):
    (tmp_path / "file").write_text("")
    for words, parts in (
        ([folder], ["--out", "--score"]),
        ([folder, "--out", tmp_path / "file"], ["file", "folder"]),
        ([folder, "--out", tmp_path / "o", "--format", "csv"], ["--format", "csv"]),
        ([folder, "--out", tmp_path / "o", "--target", "digit"], ["score"]),
    ):
        outcome = command("units", "run", *words)
        assert outcome.status == 2
        assert_says(outcome.line, *parts)
