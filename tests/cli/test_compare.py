"""`undertow compare`: rows that hold together, runs that are not trained twice, and what cannot be compared."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

import undertow as ut
from tests.refusals import assert_says
from undertow.recipes.comparing import off_budget

KEYS = [
    *("recipe", "nats", "bits_per_symbol", "parameters", "train_symbols_per_second"),
    *("cached_symbols_per_second", "uncached_symbols_per_second", "engine", "minutes", "updates"),
    *("ratio", "split", "num_symbols", "unit"),
]
WORDS = {"recipe": str, "engine": str, "split": str, "unit": str}
SMALL = {
    "bytenet": {"kind": "bytenet", "channels": 4, "num_cycles": 1, "layers_per_cycle": 2},
    "gru": {"kind": "rnn", "cell": "gru", "channels": 8, "num_layers": 1},
    "transformer": {"kind": "transformer", "channels": 8, "num_heads": 2, "num_layers": 1, "max_length": 32},
}
TRAINING = {
    "batch_size": 4,
    "minutes": 60,
    "num_validations": 1,
    "warmup_steps": 0,
    "precision": "fp32",
    "tensorboard": False,
}
QUICK = ("--minutes", "0.01", "--symbols", "6")


def write(folder: Path, name: str, **changes) -> Path:
    """A recipe of a small model of text.txt."""
    values = {
        "data": {"kind": "text", "source": str(folder / "text.txt"), "crop_steps": 16},
        "model": {"alphabet": {"kind": "characters"}, "network": SMALL.get(name, SMALL["gru"])},
        "training": TRAINING,
    }
    for key, value in changes.items():
        values[key] = {**values[key], **value}
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare")
    (folder / "text.txt").write_text("To be, or not to be, that is the question. " * 60)
    (folder / "other.txt").write_text("Whether 'tis nobler in the mind to suffer. " * 60)
    for name in SMALL:
        write(folder, name)
    return folder


@pytest.fixture(scope="module")
def compared(command, folder):
    """The outcome of comparing all three, and the folder of their runs."""
    recipes = [folder / f"{name}.yaml" for name in SMALL]
    return command("compare", *recipes, *QUICK, "--out", folder / "runs", "--json"), folder / "runs"


def test_a_row_a_recipe(compared):
    outcome, out = compared
    assert outcome.status == 0, outcome.err
    rows = json.loads(outcome.out)
    assert [row["recipe"] for row in rows] == list(SMALL)
    for row in rows:
        assert list(row) == KEYS and all(row[key] > 0 for key in KEYS if key not in WORDS)
        assert row["engine"] in ("native", "torch") and (row["split"], row["unit"]) == ("test", "character")
        assert row["ratio"] == row["cached_symbols_per_second"] / row["uncached_symbols_per_second"]
        assert row["bits_per_symbol"] == pytest.approx(row["nats"] / 0.6931471805599453)
        assert row["parameters"] == sum(parameter.numel() for parameter in ut.load(out / row["recipe"]).parameters())
        assert (out / row["recipe"] / "best").exists()


def test_what_is_there_is_not_trained_again(command, compared, folder):
    outcome, out = compared
    logs = {name: (out / name / "log.jsonl").read_bytes() for name in SMALL}
    recipes = [folder / f"{name}.yaml" for name in reversed(SMALL)]
    again = command("compare", *recipes, *QUICK, "--out", out)
    assert again.status == 0 and {name: (out / name / "log.jsonl").read_bytes() for name in SMALL} == logs, again.err
    head, *lines, note = again.out.splitlines()
    assert head.split() == (
        "recipe nats bits parameters trained/s cached/s uncached/s ratio cached by minutes updates".split()
    )
    nats = {row["recipe"]: row["nats"] for row in json.loads(outcome.out)}
    assert [line.split()[0] for line in lines] == sorted(nats, key=nats.get)
    assert {line.split()[0]: line.split()[1] for line in lines} == {name: f"{nat:.4f}" for name, nat in nats.items()}
    assert "6 drawn" in note and "test split" in note


def test_fault_14_the_table_has_the_fields_of_json(command, compared, folder):
    outcome, out = compared
    rows = {row["recipe"]: row for row in json.loads(outcome.out)}
    again = command("compare", *(folder / f"{name}.yaml" for name in SMALL), *QUICK, "--out", out)
    for line in again.out.splitlines()[1:-1]:
        name, *_, engine, minutes, updates = line.split()
        assert (engine, int(updates)) == (rows[name]["engine"], rows[name]["updates"])
        assert float(minutes) == pytest.approx(rows[name]["minutes"], rel=0.01)


@pytest.mark.parametrize(
    ("took", "planned", "parts"),
    [
        (0.1, 0.1, None),
        (0.109, 0.1, None),
        (0.0112, 0.01, ["0.0112", "0.01"]),
        (3.4, 3, ["3.4", "of 3"]),
        (3.2, 3, None),
    ],
)
def test_fault_14_a_budget_is_held_to_one_tolerance(took, planned, parts):
    note = off_budget("gru", took, planned)
    if parts is None:
        assert note is None
    else:
        assert_says(note, "gru", *parts)


def test_fault_14_translators_are_refused_before_their_data_is_read(command, folder, tmp_path, monkeypatch):
    def fail(*words, **more):
        raise AssertionError("data was read")

    monkeypatch.setattr("undertow.recipes.tasks.pairs.open_parallel_text", fail)
    monkeypatch.setattr("undertow.recipes.tasks.pairs.fetch_named", fail)
    outcome = command("compare", "rnn-multi30k", *QUICK, "--out", tmp_path / "runs")
    assert outcome.status == 2
    assert_says(outcome.line, "rnn-multi30k", "seq2seq", "likelihood")
    outcome = command("compare", "transformer-fsdd", *QUICK, "--out", tmp_path / "runs")
    assert outcome.status == 2
    assert_says(outcome.line, "transformer-fsdd", "seq2seq", "likelihood")


def test_another_budget_is_another_comparison(command, compared, folder):
    outcome = command("compare", folder / "gru.yaml", "--minutes", "0.02", "--out", compared[1])
    assert outcome.status == 1
    assert_says(outcome.line, "gru", "minutes", 0.01, 0.02, "--minutes 0.01", "--out")


def test_an_interrupted_run_goes_on(compared, folder, tmp_path, monkeypatch):
    def interrupted(*words, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr("undertow.training.trainer.Trainer._update", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ut.compare([folder / "gru.yaml"], tmp_path, minutes=0.01, num_symbols=4)
    monkeypatch.undo()
    (row,) = ut.compare([folder / "gru.yaml"], tmp_path, minutes=0.01, num_symbols=4).rows
    assert row.recipe == "gru" and row.nats > 0


def test_no_more_is_drawn_than_every_model_can_hold(command, compared, folder):
    outcome = command("compare", folder / "transformer.yaml", "--minutes", "0.01", "--out", compared[1])
    assert outcome.status == 0 and "32 drawn" in outcome.out, outcome.err


@pytest.mark.parametrize(
    ("name", "changes", "parts"),
    [
        ("elsewhere", {"data": {"source": "other.txt"}}, ["data.source", "other.txt"]),
        ("bytes", {"model": {"alphabet": {"kind": "bytes"}}}, ["alphabet", "bytes", "gru", "characters"]),
    ],
)
def test_only_the_same_data_and_symbols(command, folder, tmp_path, monkeypatch, name, changes, parts):
    monkeypatch.chdir(folder)
    recipes = folder / "gru.yaml", write(folder, name, **changes)
    outcome = command("compare", *recipes, *QUICK, "--out", tmp_path / "runs")
    assert outcome.status == 2 and not (tmp_path / "runs").exists()
    assert_says(outcome.line, *parts)


def test_own_images_whose_shape_only_the_file_shows(command, tmp_path):
    np.savez(tmp_path / "own.npz", **{f"x_{split}": np.zeros((4, 6, 6), np.uint8) for split in ("train", "test")})
    network = {"kind": "pixelcnn", "channels": 2, "num_layers": 1, "first_kernel_size": 3}
    recipe = {"data": {"kind": "images"}, "model": {"network": network}, "training": TRAINING}
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(recipe))
    given = "--data", tmp_path / "own.npz", "--out", tmp_path / "runs"
    outcome = command("compare", tmp_path / "small.yaml", *given, *QUICK, "--json")
    assert outcome.status == 0, outcome.err
    assert json.loads(outcome.out)[0]["unit"] == "pixel"


def test_a_model_without_a_likelihood(command, folder, tmp_path):
    path = tmp_path / "adding.yaml"
    model = {"kind": "regressor", "network": {**SMALL["gru"], "input": "scalar"}}
    path.write_text(yaml.safe_dump({"data": {"kind": "adding"}, "model": model, "training": TRAINING}))
    outcome = command("compare", path, *QUICK, "--out", tmp_path / "runs")
    assert outcome.status == 2 and "likelihood" in outcome.line
    outcome = command("compare", folder / "gru.yaml", path, *QUICK, "--out", tmp_path / "runs")
    assert outcome.status == 2
    assert_says(outcome.line, "data.kind", "adding")


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["gru.yaml", "--minutes", "0"], ["minutes", 0]),
        (["gru.yaml", "--minutes", "-1"], ["minutes", -1]),
        (["gru.yaml", "--minutes", "nan"], ["minutes", "nan"]),
        (["gru.yaml", "--minutes", "1", "--symbols", "0"], ["symbols", 0]),
        (["gru.yaml", "gru.yaml", "--minutes", "1"], ["'gru'", "folder"]),
        (["grru", "--minutes", "1"], ["recipe 'grru'"]),
        (["--minutes", "1"], ["recipes"]),
        (["wavenet", "--minutes", "1"], ["folder", "--data"]),
        (["gru.yaml"], ["minutes"]),
    ],
)
def test_wrong_requests(command, folder, tmp_path, monkeypatch, words, parts):
    monkeypatch.chdir(folder)
    outcome = command("compare", *words, "--out", tmp_path / "runs")
    assert outcome.status == 2 and not (tmp_path / "runs").exists()
    assert_says(outcome.line, *parts)
