"""`undertow bench`: rows that hold together, and one line for what cannot be measured."""

import json

import pytest

from tests.refusals import assert_says
from undertow import checkpoint
from undertow.config import parse
from undertow.cost import paper_wavenet as paper
from undertow.data.clip_examples import ClipExamples
from undertow.data.synthetic import plucked_strings
from undertow.evaluation.calibration import calibration_batches
from undertow.models import Autoregressive
from undertow.native import export

KEYS = {
    *("engine", "precision", "threads", "batch", "samples_per_second", "realtime_factor", "bytes_per_step"),
    *("multiply_adds_per_step", "read_bandwidth", "matrix_peak", "roofline_fraction", "bound"),
}
QUICK = ("--threads", "1", "--seconds", "0.001")
SMALL = {"residual_channels": 4, "gate_channels": 4, "skip_channels": 4}


@pytest.fixture
def known_machine(monkeypatch):
    """A machine that need not be measured: 2 GB and 3e9 multiply-adds a second."""
    monkeypatch.setattr("undertow.cost.roofline.read_bandwidth", lambda num_bytes, threads: 2e9)
    monkeypatch.setattr("undertow.cost.roofline.matrix_peak", lambda precision, threads: 3e9)


def measured(command, *words):
    outcome = command("bench", *words, *QUICK, "--json")
    assert outcome.status == 0, outcome.err
    return json.loads(outcome.out), outcome.err


@pytest.mark.native
def test_every_engine_side_by_side(command, trained, known_machine):
    rows, told = measured(command, trained, "--batch", "1,3")
    names = [("torch", "float32"), *(("native", name) for name in ("float32", "bfloat16", "int8"))]
    assert [(row["engine"], row["precision"], row["batch"]) for row in rows] == [
        (*name, batch) for batch in (1, 3) for name in names
    ]
    assert "synthesised" in told and "undertow:" not in told
    for row in rows:
        assert set(row) == KEYS and row["threads"] == 1
        assert row["read_bandwidth"] == 2e9 and row["matrix_peak"] == 3e9
        assert row["realtime_factor"] == pytest.approx(8000 / row["samples_per_second"])
        bounds = {
            "bandwidth": 2e9 / row["bytes_per_step"] * row["batch"],
            "compute": 3e9 / row["multiply_adds_per_step"],
        }
        assert row["bound"] == min(bounds, key=bounds.get)
        assert row["roofline_fraction"] == pytest.approx(row["samples_per_second"] / min(bounds.values()))
    sizes = [row["bytes_per_step"] for row in rows[:4]]
    assert sizes[0] == sizes[1] > sizes[2] > sizes[3]


@pytest.mark.native
def test_a_table_of_this_machine(command, trained):
    outcome = command("bench", trained, *QUICK, "--precision", "float32")
    head, *lines = outcome.out.splitlines()
    assert outcome.status == 0 and "samples/s" in head and "of roofline" in head
    assert [line.split()[:2] for line in lines] == [["torch", "float32"], ["native", "float32"]]
    assert "synthesised" not in outcome.err


@pytest.mark.native
def test_an_exported_model_is_measured_as_it_was_exported(command, trained, tmp_path, known_machine):
    model = checkpoint.load(trained)
    some = ClipExamples(plucked_strings(num_clips=2), model.needs)
    exported = export(model, "int8", calibration_batches(model, some))
    checkpoint.save(tmp_path / "exported", exported, {})
    rows, told = measured(command, tmp_path / "exported")
    assert [(row["engine"], row["precision"]) for row in rows] == [
        *(("torch", "float32"), ("native", "float32"), ("native", "int8")),
    ]
    assert "synthesised" not in told


@pytest.mark.native
@pytest.mark.parametrize(
    "features",
    [
        {"kind": "mel", "num_channels": 8, "fft_size": 256, "window_length": 256, "high_hz": 4000},
        {"kind": "frames", "num_channels": 3},
    ],
)
def test_a_model_that_needs_features(command, tmp_path, features, known_machine):
    values = {
        "alphabet": {"kind": "mu_law"},
        "network": {"kind": "wavenet", "num_cycles": 1, **SMALL},
        "emission": {"kind": "categorical"},
        "conditioner": {"features": {"sample_rate": 8000, "hop_length": 80, **features}},
        "sample_rate": 8000,
    }
    model = Autoregressive(parse(Autoregressive.Config, values))
    model.survey(ClipExamples(plucked_strings(num_clips=4, sample_rate=8000), model.needs))  # so mel frames are checked
    checkpoint.save(tmp_path / "model", model, {})
    rows, _ = measured(command, tmp_path / "model")
    assert [row["precision"] for row in rows] == ["float32", "float32", "bfloat16", "int8"]


def test_torch_alone_where_the_engine_cannot_run_the_model(command, trained, monkeypatch):
    monkeypatch.setattr("undertow.cost.stepping_speed.why_missing", lambda: "it is not here")
    rows, told = measured(command, trained)
    (row,) = rows
    assert row["engine"] == "torch" and row["samples_per_second"] > 0
    assert row["read_bandwidth"] is None and row["roofline_fraction"] is None and row["bound"] is None
    assert "it is not here" in told


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["--threads", "0"], ["threads", "'0'", "1 to 256"]),
        (["--threads", "1,two"], ["threads", "1 to 256"]),
        (["--batch", ","], ["batch", "','"]),
        (["--precision", "int9"], ["precision 'int9'", "'int8'"]),
        (["--precision", ","], ["precision", "','"]),
        (["--seconds", "0"], ["seconds"]),
        (["--seconds", "nan"], ["seconds"]),
    ],
)
def test_wrong_requests(command, trained, words, parts):
    outcome = command("bench", trained, *words)
    assert outcome.status == 2 and not outcome.out
    assert_says(outcome.line, *parts)


def test_an_unknown_model(command, tmp_path):
    outcome = command("bench", tmp_path / "nothing")
    assert outcome.status in (1, 2) and "nothing" in outcome.line


@pytest.mark.native
def test_the_paper_shape_is_at_hand(command, monkeypatch, known_machine):
    small = paper.paper_model(num_cycles=2, **SMALL)
    monkeypatch.setattr(paper, "paper_model", lambda: small)
    rows, _ = measured(command, "paper", "--precision", "float32")
    assert {row["engine"] for row in rows} <= {"torch", "native"} and rows[0]["precision"] == "float32"


def test_a_precision_without_the_engine(command, trained, monkeypatch):
    monkeypatch.setattr("undertow.native.engine.why_missing", lambda: "it was not built")
    outcome = command("bench", trained, "--precision", "int8")
    assert outcome.status == 2
    assert_says(outcome.line, "--precision", "native engine", "it was not built")
