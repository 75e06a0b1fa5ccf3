"""`undertow score`: bits a sample beside the baselines, and a plain word when nothing was learnt."""

import json

import numpy as np
import pytest

from tests.cli.conftest import train_command
from tests.data.sounds import tone, write
from tests.refusals import assert_says


def test_json_has_what_others_read(command, trained):
    outcome = command("score", trained, "plucked", "--json")
    found = json.loads(outcome.out)
    assert set(found["baselines"]) == {"unigram", "order1", "order2", "xz", "lpc"}
    assert found["split"] == "test" and found["num_symbols"] > 50_000 and 0 < found["bits_per_symbol"] < 9
    assert found["has_learnt"] == (found["bits_per_symbol"] < found["baselines"]["unigram"])


def test_the_table_has_the_model_among_its_baselines_the_best_first(command, trained):
    outcome = command("score", trained, "--split", "validation")
    lines = outcome.out.splitlines()
    assert outcome.status == 0 and "on plucked, validation" in lines[0] and "bits/sample" in lines[1]
    bits = [float(line.split()[-1]) for line in lines[2:8]]
    assert bits == sorted(bits) and sum("this model" in line and ">" in line for line in lines) == 1


def test_a_model_that_learnt_nothing_is_told_so(command, tmp_path):
    changes = ["training.learning_rate=1e-9"]
    assert command(*train_command(tmp_path / "run", steps=1, changes=changes)).status == 0
    outcome = command("score", tmp_path / "run")
    assert outcome.status == 0 and "not learnt" in outcome.out


def test_a_model_that_learnt_beats_the_unigram(command, tmp_path):
    changes = ["training.learning_rate=0.02", "training.warmup_steps=5", "training.average=0.8"]
    assert command(*train_command(tmp_path / "run", steps=120, changes=changes)).status == 0
    outcome = command("score", tmp_path / "run")
    assert "better than unigram" in outcome.out, outcome.out


@pytest.mark.parametrize(
    ("words", "status", "parts"),
    [
        ("nowhere", 1, ["'nowhere'"]),
        ("plucked --split tests", 2, ["'tests'", "'test'"]),
        ("folder --label-pattern {x", 2, ["{x", "pattern"]),
    ],
)
def test_what_a_wrong_request_gets(command, trained, tmp_path, monkeypatch, words, status, parts):
    monkeypatch.chdir(tmp_path)
    for name in ("c/0.wav", "test/c/1.wav"):
        write(tmp_path / "folder" / name, tone())
    (tmp_path / "folder/metadata.csv").write_text("file,pitch,split\nc/0.wav,Z9,test\ntest/c/1.wav,A2,train\n")
    outcome = command("score", trained, *words.split())
    assert outcome.status == status, outcome.err
    assert_says(outcome.line, *parts)


def test_fault_12_sounds_of_other_classes_are_scored(command, trained, tmp_path, monkeypatch):
    """A pitch that the model does not know counts as unknown, with a note; --ignore-labels hides known ones too."""
    monkeypatch.chdir(tmp_path)
    for name in ("0.wav", "1.wav", "2.wav"):
        write(tmp_path / "folder" / name, tone(0.3))
    rows = "0.wav,Z9,test\n1.wav,A2,test\n2.wav,A2,train\n"
    (tmp_path / "folder/metadata.csv").write_text("file,pitch,split\n" + rows)
    outcome = command("score", trained, "folder", "--json")
    assert outcome.status == 0, outcome.err
    assert_says(outcome.err, "1 of 2 clips", "pitch 'Z9'", "'0.wav'", "unknown")
    bits = {"as told": json.loads(outcome.out)["bits_per_symbol"]}
    outcome = command("score", trained, "folder", "--ignore-labels", "--json")
    assert outcome.status == 0 and "Z9" not in outcome.err, outcome.err
    bits["ignored"] = json.loads(outcome.out)["bits_per_symbol"]
    (tmp_path / "folder/metadata.csv").write_text("file,split\n0.wav,test\n1.wav,test\n2.wav,train\n")
    bits["unlabelled"] = json.loads(command("score", trained, "folder", "--json").out)["bits_per_symbol"]
    assert bits["ignored"] == bits["unlabelled"] != bits["as told"]


def test_real_speech_of_another_kind(command, trained, real_data, monkeypatch):
    """The baselines of the published split, on a model that was never meant for it."""
    monkeypatch.setenv("UNDERTOW_DATA", str(real_data))
    found = json.loads(command("score", trained, "fsdd", "--split", "validation", "--json").out)
    assert 7 < found["baselines"]["unigram"] < 7.4 and 4.3 < found["baselines"]["lpc"] < 4.9


def test_files_that_cannot_be_used_are_named_and_only_having_none_fails(command, trained, tmp_path):
    write(tmp_path / "test" / "good.wav", tone())
    (tmp_path / "test" / "bad.wav").write_text("no sound")
    outcome = command("score", trained, tmp_path, "--ignore-labels")
    assert outcome.status == 0, outcome.err
    assert_says(outcome.err, "test: 1 of 2 files skipped", "test/bad.wav")
    (tmp_path / "test" / "good.wav").unlink()
    outcome = command("score", trained, tmp_path, "--ignore-labels")
    assert outcome.status == 1
    assert_says(outcome.line, "the only test file", "test/bad.wav")


def test_scores_of_each_file(command, runs, tmp_path):
    np.save(tmp_path / "images.npy", np.random.default_rng(0).integers(0, 256, (20, 6, 6)).astype(np.uint8))
    given = ("score", runs / "pixel", tmp_path / "images.npy", "--split", "all")
    outcome = command(*given, "--per-file", "--out", tmp_path / "scores.csv")
    assert outcome.status == 0, outcome.err
    assert_says(outcome.out, "20 sequences", "scores.csv", "nats/image", "uniform")
    assert len((tmp_path / "scores.csv").read_text().splitlines()) == 21
    assert len(json.loads(command(*given, "--per-file", "--json").out)["files"]) == 20
    assert_says(command(*given, "--out", tmp_path / "x.csv").line, "--per-file")
