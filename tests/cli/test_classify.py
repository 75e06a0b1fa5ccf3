"""`undertow classify`: new texts and sounds get labels, as words, as a table and as JSON; bad items lose no others."""

import csv
import gzip
import io
import json
import sys
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import pytest

import undertow as ut
from tests.data.sounds import tone, write
from tests.generation.symbol_models import text_model
from tests.prediction.test_predicting import SOUND, classifier
from tests.recipes.small_runs import write_table
from tests.refusals import assert_says
from undertow import checkpoint


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("classifiers")
    for name, changes in {"text": {}, "sound": SOUND, "steps": {"reading": "every"}}.items():
        checkpoint.save(folder / name, classifier(**changes).float(), {})
    return folder


@pytest.fixture
def typed(monkeypatch):
    """Give a command these bytes on standard input."""

    def give(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(data))))

    return give


def test_fault_21_a_line_for_each_text(command, runs, tmp_path):
    expected = ut.predict(runs / "text", ["abc", "gfe"])
    outcome = command("classify", runs / "text", "abc", "gfe")
    rows = [line.split("\t") for line in outcome.out.splitlines()]
    assert outcome.status == 0 and outcome.err == "" and [row[2] for row in rows] == ["abc", "gfe"]
    assert [row[0] for row in rows] == expected.values
    assert [float(row[1]) for row in rows] == pytest.approx(
        [max(one.probabilities.values()) for one in expected.rows], abs=1e-4
    )
    (tmp_path / "one.txt").write_text("abc")
    outcome = command("classify", runs / "text", tmp_path / "one.txt", "--top", "9")
    cells = outcome.out.rstrip("\n").split("\t")
    assert cells[0] == rows[0][0] and len(cells) == 7 and cells[-1] == str(tmp_path / "one.txt")
    assert sum(map(float, cells[1::2])) == pytest.approx(1, abs=1e-3)


def test_fault_21_and_25_a_bad_item_among_good_ones(command, runs, typed):
    typed(b"abc\nabz\n\nbad\n")
    outcome = command("classify", runs / "text", "-")
    lines = outcome.out.splitlines()
    assert outcome.status == 1 and [line.split("\t")[-1] for line in lines] == ["abc", "abz", "", "bad"]
    assert lines[1] == "\t\tabz" and lines[0].split("\t")[0] in ("bad", "good", "ugly")
    assert_says(outcome.err, "item 2", "'z'", "item 3", "empty")
    assert_says(outcome.line, "2 of 4 items")
    outcome = command("classify", runs / "text", "abz")
    assert outcome.status == 1
    assert_says(outcome.line, "'z'")


def test_fault_15_unknown_characters_of_a_text(command, runs):
    outcome = command("classify", runs / "text", "a☃bc\x1a", "--skip-unknown")
    assert outcome.status == 0, outcome.err
    assert outcome.out.split("\t")[:2] == command("classify", runs / "text", "abc").out.split("\t")[:2]
    assert_says(outcome.err, "2 unknown characters", "U+2603", "U+001A")


def test_fault_21_sounds_as_a_table_and_as_json(command, runs, tmp_path):
    files = [tmp_path / name for name in ("a.wav", "none.wav", "b.wav")]
    for number, path in enumerate(files[::2]):
        write(path, tone(0.05, 8000, frequency=300 + 400 * number))
    out = tmp_path / "table.csv"
    outcome = command("classify", runs / "sound", *files, "--out", out, "--json")
    found = json.loads(outcome.out)
    assert outcome.status == 1 and (found["label"], found["classes"]) == ("kind", ["bad", "good", "ugly"])
    assert [row["item"] for row in found["items"]] == [str(path) for path in files]
    assert found["items"][1]["value"] is None and "none.wav" in found["items"][1]["fault"]
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert [*rows[0]] == ["item", "kind", "probability", "p(bad)", "p(good)", "p(ugly)"] and rows[1]["kind"] == ""
    assert [row["kind"] for row in rows[::2]] == [row["value"] for row in found["items"][::2]]
    assert float(rows[0]["probability"]) == pytest.approx(max(found["items"][0]["probabilities"].values()))
    assert command("classify", runs / "sound", files[1], "--out", tmp_path / "no.csv").status == 1
    assert not (tmp_path / "no.csv").exists()


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["text"], ["standard input", "texts"]),
        (["text", "-", "abc"], ["alone"]),
        (["text", "abc", "--top", "0"], ["top", "0"]),
        (["text", "abc", "--out", "labels.json"], ["labels.json", ".csv"]),
        (["text", "abc", "--out", "nowhere/labels.csv"], ["nowhere"]),
        (["steps", "abc"], ["steps", "each step"]),
    ],
)
def test_wrong_requests(command, runs, words, parts):
    outcome = command("classify", runs / words[0], *words[1:])
    assert outcome.status == 2 and outcome.out == ""
    assert_says(outcome.line, *parts)


def test_an_empty_word_is_no_file(command, runs, tmp_path):
    write(tmp_path / "a.wav", tone(0.05, 8000))
    outcome = command("classify", runs / "sound", "", tmp_path / "a.wav")
    assert outcome.status == 1 and outcome.out.splitlines()[1].endswith("a.wav")
    assert_says(outcome.line, "item 1", "empty")


def test_models_that_do_something_else(command, runs, tmp_path):
    checkpoint.save(tmp_path / "text", text_model().float(), {})
    outcome = command("classify", tmp_path / "text", "abc")
    assert outcome.status == 2
    assert_says(outcome.line, tmp_path / "text", "autoregressive", "cannot predict", "`undertow generate`")
    outcome = command("generate", runs / "text")
    assert outcome.status == 2
    assert_says(outcome.line, "classifier", "cannot generate", "`undertow classify`")


def test_fault_21_the_language_of_real_sentences(command, tmp_path, real_data, typed):
    """From a table of captions to labels of new ones, in seconds."""
    rows, new = [], []
    for language in ("en", "de"):
        for part, count, split in (("train", 300, "train"), ("val", 40, "validation")):
            with gzip.open(real_data / "multi30k" / f"{part}.{language}.gz", "rt", encoding="utf-8") as file:
                rows += [(line.strip(), language, split) for line in islice(file, count)]
        with gzip.open(real_data / "multi30k" / f"test_2016_flickr.{language}.gz", "rt", encoding="utf-8") as file:
            new += [(line.strip(), language) for line in islice(file, 25)]
    recipe = {
        "data": {"kind": "labelled_text", "source": str(write_table(tmp_path / "table.csv", rows)), "longest": 32},
        "model": {
            "kind": "classifier",
            "reading": "mean",
            "alphabet": {"kind": "bytes"},
            "network": {"kind": "rnn", "cell": "gru", "num_layers": 1, "channels": 16},
        },
        "training": {"steps": 80, "batch_size": 32, "learning_rate": 1e-2, "warmup_steps": 5, "num_validations": 1}
        | {"tensorboard": False, "precision": "fp32"},
    }
    ut.train(recipe, tmp_path / "run")
    typed("\n".join(text for text, _ in new).encode())
    outcome = command("classify", tmp_path / "run", "-")
    found = [line.split("\t")[0] for line in outcome.out.splitlines()]
    assert outcome.status == 0 and len(found) == 50
    assert sum(one == language for one, (_, language) in zip(found, new, strict=True)) >= 45
