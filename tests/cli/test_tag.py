"""From tagged sentences, words and labelled sounds to a model: train, score with every metric, tag; and bad input."""

import json
from pathlib import Path

import numpy as np
import pytest

import undertow as ut
from tests.data.labelled_sounds import write_tones
from tests.data.sounds import RATE, tone, write
from tests.recipes.small_runs import MEL, write_sentences
from tests.refusals import assert_says, refuses
from undertow import checkpoint
from undertow.data.audacity import read_audacity
from undertow.data.ctm import read_ctm
from undertow.errors import DataError, UsageError

SHORT = ["training.num_validations=1", "training.tensorboard=false", "training.warmup_steps=1", "training.average=null"]
SMALL = [
    "network.channels=8",
    "network.context.dilations=[1,2]",
    "training.learning_rate=0.05",
    "training.batch_size=3",
]
SMALL += ["network.dropout=0", "model.embedding_dropout=0"]


def train(command, out: Path, recipe: str, data: Path, *changes: str, steps: int = 80) -> Path:
    outcome = command(
        "train", recipe, "--data", data, "--out", out, "--steps", str(steps), "--set", *SHORT, *SMALL, *changes
    )
    assert outcome.status == 0, outcome.err
    return out


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_sentences(folder / "chunks")
    write_tones(folder / "tones")
    return folder


@pytest.fixture(scope="module")
def chunker(command, data, tmp_path_factory) -> Path:
    return train(
        command,
        tmp_path_factory.mktemp("runs") / "chunker",
        "chunker-ewt",
        data / "chunks",
        "model.embedding_channels=8",
    )


@pytest.fixture(scope="module")
def listener(command, data, tmp_path_factory) -> Path:
    changes = [f"model.features={json.dumps(MEL)}", "model.frames={}"]
    return train(command, tmp_path_factory.mktemp("runs") / "tones", "phones-prompts", data / "tones", *changes)


def test_chunks_of_a_text_a_file_and_standard_input(command, chunker, data, tmp_path, monkeypatch):
    outcome = command("tag", chunker, "the old dog barks")
    assert (outcome.status, outcome.out) == (0, "the B-NP\nold I-NP\ndog I-NP\nbarks B-VP\n"), outcome.err
    out = tmp_path / "found.conll"
    outcome = command("tag", chunker, data / "chunks/test.conll", "--out", out)
    assert outcome.status == 0 and outcome.out == "" and str(out) in outcome.err
    columns = [line.split() for line in out.read_text().split("\n") if line]
    assert [row[2:] for row in columns] == [[row[2]] * 2 for row in columns] and len(
        columns
    ) == 7  # as conlleval has it
    found = ut.tag(chunker, ["the dog barks\nthe dog", Path(data / "words/test.txt")])
    assert found.items[0].tags == [["B-NP", "I-NP", "B-VP"], ["B-NP", "I-NP"]] and "2 sentences" in found.notes[0]


def test_every_metric_of_chunks_with_its_definition(command, chunker, data):
    outcome = command("score", chunker)
    assert outcome.status == 0
    assert_says(
        outcome.out, "F1", "100.00%", "conlleval", "strict", "IOB2", "accuracy", "commonest label", "NP", "recall"
    )
    outcome = command("score", chunker, data / "chunks", "--metric", "f1,accuracy", "--json")
    found = json.loads(outcome.out)
    assert set(found["metrics"]) == {"f1", "accuracy"} and found["kinds"]["NP"]["true"] == 2
    for metric, parts in (("boundary-f", ["boundary-f", "f1-strict"]), ("f2", ["'f2'", "f1-strict"])):
        outcome = command("score", chunker, "--metric", metric)
        assert outcome.status == 2
        assert_says(outcome.line, *parts)


def test_words_without_spaces(command, data, tmp_path):
    run = train(command, tmp_path / "run", "words-gsd", data / "words", "data.places=bi", steps=80)
    outcome = command("tag", run, "theolddogbarks")
    assert (outcome.status, outcome.out) == (0, "the old dog barks\n"), outcome.err
    (tmp_path / "text.txt").write_text("thedog barks\n\ntheolddog\n")
    assert ut.tag(run, tmp_path / "text.txt").text == "the dog barks\n\nthe old dog"
    outcome = command("score", run, "--metric", "f1")
    assert_says(outcome.out, "of words", "100.00%", "both ends")
    assert "strict" not in command("score", run).out


def test_frames_of_sounds(command, listener, data, tmp_path):
    outcome = command("score", listener, "--collar", "30")
    assert outcome.status == 0
    assert_says(outcome.out, "accuracy", "boundary F", "30 ms", "frames", "precision")
    sound = data / "tones/test/take5.wav"
    assert command("tag", listener, sound, "--out", tmp_path / "a.txt").status == 0
    assert {one.label for one in read_audacity(tmp_path / "a.txt")} == {"high", "low"}
    assert command("tag", listener, data / "tones", "--out", tmp_path / "all.ctm").status == 0
    assert len(read_ctm(tmp_path / "all.ctm")) == 9
    (tmp_path / "each").mkdir()
    assert command("tag", listener, data / "tones/test", "--out", tmp_path / "each").status == 0
    assert len(list((tmp_path / "each").glob("take?.txt"))) == 3
    found = ut.tag(listener, tone(0.2, RATE))
    assert found.intervals[0].start == 0.0 and found.intervals[-1].stop == pytest.approx(0.2) == found.seconds
    for out, parts in (("a.wav", [".ctm", ".txt"]), ("b.txt", ["one sound", ".ctm"])):
        outcome = command("tag", listener, data / "tones/test", "--out", tmp_path / out)
        assert outcome.status == 2 and not (tmp_path / "b.txt").exists()
        assert_says(outcome.line, out, *parts)


def test_what_cannot_be_tagged_is_named(command, chunker, listener, data, tmp_path):
    write(tmp_path / "silent.wav", np.zeros(RATE, np.float32))
    good = data / "tones/test/take5.wav"
    outcome = command("tag", listener, good, tmp_path / "silent.wav", "--out", tmp_path / "a.ctm")
    assert outcome.status == 1 and list(read_ctm(tmp_path / "a.ctm")) == ["take5"]
    assert_says(outcome.line, "silent.wav", "-72 dB")
    (tmp_path / "bad.conll").write_text("the DT\ndog\n")
    for words, status, parts in (
        ([chunker, tmp_path / "bad.conll"], 1, ["bad.conll, line 2", "1 column"]),
        ([chunker, "  "], 1, ["empty"]),
        ([chunker, ""], 1, ["item 1", "empty"]),
        ([listener, ""], 2, ["item 1", "empty"]),
        ([chunker, tmp_path / "missing.conll"], 1, ["missing.conll"]),
        ([chunker], 2, ["texts or files"]),
        ([listener, "-"], 2, ["standard input"]),
        ([listener, tmp_path / "nothing.wav"], 1, ["nothing.wav"]),
        ([chunker, "a", "--token-column", "0"], 2, ["token-column is 0", "1"]),
    ):
        outcome = command("tag", *words)
        assert outcome.status == status, outcome.err
        assert_says(outcome.line, *parts)
    with refuses(UsageError, "tagger", "cannot generate", "undertow tag"):
        ut.generate(chunker, num_steps=3)
    with refuses(DataError, "label", "text", "ndarray"):
        ut.tag(chunker, tone())


def test_a_tag_that_the_model_does_not_know(command, chunker, tmp_path):
    (tmp_path / "a.conll").write_text("the B-NP\ndog B-NO\n")
    outcome = command("score", chunker, tmp_path / "a.conll", "--split", "all")
    assert outcome.status == 1
    assert_says(outcome.line, "a.conll, line 2", "'B-NO'", "'B-NP'")


def test_what_a_run_says_of_itself(command, chunker):
    outcome = command("info", chunker)
    assert outcome.status == 0 and checkpoint.load(chunker).abilities == {"tag"}
    assert_says(outcome.out, "tagger", "tokens", "7 tokens")
