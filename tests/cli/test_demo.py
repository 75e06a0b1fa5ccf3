"""`undertow demo`: speech where there is some, otherwise notes that it says are no evidence."""

import json
from pathlib import Path

import pytest
import soundfile

from tests.cli.conftest import TINY
from tests.refusals import assert_says
from undertow.cli import demo
from undertow.data import fetch as fetching
from undertow.errors import DataError
from undertow.native import why_missing


@pytest.fixture(autouse=True)
def short_sounds(monkeypatch):
    monkeypatch.setattr(demo, "SECONDS", 0.02)


@pytest.fixture
def no_speech(monkeypatch, tmp_path):
    """A machine that neither has the set nor reaches the network."""

    def download(url, path, progress=None):
        raise DataError(f"cannot download {url}: no network")

    monkeypatch.setenv("UNDERTOW_DATA", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(fetching, "download", download)


def run(command, out, *more):
    return command("demo", "--out", out, "--steps", "2", "--set", *TINY, "training.num_validations=1", *more)


def test_without_speech_it_says_so_and_goes_all_the_way(command, tmp_path, no_speech):
    outcome = run(command, tmp_path / "run")
    assert outcome.status == 0, outcome.err
    assert_says(outcome.err, "no real speech", "cannot download", "synthesised", "notes")
    for words in ("bits/sample", "this model", "unigram", "order2", "xz", "lpc", "samples/s, real-time factor"):
        assert words in outcome.out
    lines = dict(line.split(maxsplit=1) for line in outcome.out.splitlines() if line.startswith(("listen", "look")))
    assert soundfile.info(lines["listen"]).frames == 160 and Path(lines["look"]).stat().st_size > 5000
    assert "no evidence of quality" in outcome.out.splitlines()[-1]
    assert len(list((tmp_path / "run/generated").glob("*.wav"))) == 4


def test_it_goes_on_with_a_demo_that_is_there(command, tmp_path, no_speech):
    assert run(command, tmp_path / "run").status == 0
    outcome = run(command, tmp_path / "run", "--json")
    assert outcome.status == 0
    assert_says(outcome.err, tmp_path / "run", "exists", "--out")
    found = json.loads(outcome.out)
    assert set(found["score"]["baselines"]) == {"unigram", "order1", "order2", "xz", "lpc"}
    assert found["generated"]["engine"] == ("torch" if why_missing() else "native")
    assert len(found["generated"]["files"]) == 4 and found["out"] == str(tmp_path / "run")


def test_with_speech_it_is_speech(command, tmp_path, real_data, monkeypatch):
    monkeypatch.setenv("UNDERTOW_DATA", str(real_data))
    outcome = run(command, tmp_path / "run", "network.residual_channels=2", "network.skip_channels=2")
    assert outcome.status == 0, outcome.err
    assert "real speech: fsdd at" in outcome.err and "1,034,030 held-out samples of fsdd" in outcome.out
    assert "speaker george, digit 0" in outcome.out and "evidence" not in outcome.out


def test_each_source_has_a_folder_of_its_own(command, tmp_path, no_speech, monkeypatch):
    folders = []

    def stopped(recipe, out, **options):
        folders.append(out)
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("undertow.recipes.train", stopped)
    for source in (demo.NOTES, demo.SPEECH):
        monkeypatch.setattr(demo, "_speech_or_notes", lambda source=source: source)
        assert command("demo").status == 130
    assert folders == [Path("runs/demo-notes"), Path("runs/demo")]


def test_one_that_is_stopped_goes_on(command, tmp_path, no_speech, monkeypatch):
    from undertow.training.trainer import Trainer

    def stopped(self, *given, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "fit", stopped)
    outcome = run(command, tmp_path / "run")
    assert outcome.status == 130
    assert_says(outcome.line, "stopped", "same command")
