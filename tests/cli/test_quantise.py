"""`undertow quantise`: an exported checkpoint with its measured cost, used like any other; nothing half-written."""

import json

import numpy as np
import pytest

from tests.data.sounds import tone, write
from tests.refusals import assert_says, refuses
from undertow import checkpoint
from undertow.native import lowering
from undertow.networks.wavenet import Hidden
from undertow.recipes import excerpt, exporting

pytestmark = pytest.mark.native


@pytest.fixture(scope="session")
def exported(command, trained, tmp_path_factory):
    """The tiny run in int8, and what the command printed; read only."""
    out = tmp_path_factory.mktemp("quantise") / "int8"
    return out, command("quantise", trained, "--calibrate", "plucked", "--out", out)


def test_the_cost_is_measured_on_held_out_clips(command, trained, exported):
    out, outcome = exported
    assert outcome.status == 0, outcome.err
    lines = dict(line.split("  ", 1) for line in outcome.out.splitlines())
    assert [line.split(" ")[0] for line in outcome.out.splitlines()] == [
        "wrote",
        "calibrated",
        "measured",
        "float32",
        "int8",
    ]
    assert "plucked, train:" in lines["calibrated on"] and "plucked, test:" in lines["measured on"]
    section = checkpoint.read_card(out)["engine"]
    cost, calibration = section["cost"], section["calibration"]
    assert (section["precision"], section["data"], cost["split"]) == ("int8", "plucked", "test")
    assert calibration["num_symbols"] <= exporting.CALIBRATION_SYMBOLS and calibration["num_pieces"] > 1
    assert cost["added_bits"] == cost["bits"] - cost["float32_bits"] and abs(cost["added_bits"]) < 0.02
    assert (out / "model.engine").stat().st_size == section["num_bytes"]
    plain = checkpoint.read_card(trained)
    assert {name: checkpoint.read_card(out)[name] for name in plain} == plain


def test_what_is_scored_is_what_runs(command, exported):
    out, _ = exported
    outcome = command("score", out, "--json")
    found, cost = json.loads(outcome.out), checkpoint.read_card(out)["engine"]["cost"]
    assert (found["engine"], found["precision"]) == ("native", "int8")
    assert found["num_symbols"] == cost["num_symbols"] and found["bits_per_symbol"] == cost["bits"]
    assert "samples with native, int8," in command("score", out, "--split", "validation").out


def test_generating_runs_it(command, exported, tmp_path):
    out, _ = exported
    outcome = command("generate", out, "--out", tmp_path / "x.wav", "--seconds", "0.02", "--no-picture", "--json")
    found = json.loads(outcome.out)
    assert (found["engine"], found["precision"]) == ("native", "int8") and (tmp_path / "x.wav").exists()


def test_info_says_so(command, trained, exported):
    out, _ = exported
    assert "exported         to the native engine in int8, " in command("info", out).out
    assert json.loads(command("info", out, "--json").out)["exported"] == "int8"
    assert json.loads(command("info", trained, "--json").out)["exported"] is None


def test_bfloat16_needs_no_calibration(command, trained, tmp_path):
    outcome = command("quantise", trained, "--precision", "bfloat16", "--out", tmp_path / "half", "--json")
    found = json.loads(outcome.out)
    assert found["precision"] == "bfloat16" and found["calibration"] is None and found["data"] == "plucked"
    assert abs(found["cost"]["added_bits"]) < 0.02
    assert json.loads(command("score", tmp_path / "half", "--json").out)["precision"] == "bfloat16"


def test_recordings_of_another_rate(command, trained, tmp_path):
    for index in range(3):
        write(tmp_path / "wavs" / f"{index}.wav", tone(0.3, 16000), 16000)
    outcome = command("quantise", trained, "--calibrate", tmp_path / "wavs", "--out", tmp_path / "out", "--json")
    found = json.loads(outcome.out)
    heard = found["calibration"]
    assert outcome.status == 0 and heard["num_pieces"] >= 1 and heard["num_symbols"] == 2400 * heard["num_pieces"]


def test_of_long_data_pieces_from_all_over_are_heard(command, trained, tmp_path, monkeypatch):
    for name in ("CALIBRATION_SYMBOLS", "COST_SYMBOLS"):
        monkeypatch.setattr(exporting, name, 20_000)
    monkeypatch.setattr(excerpt, "PIECE_SAMPLES", 3000)
    outcome = command("quantise", trained, "--out", tmp_path / "out", "--json")
    found = json.loads(outcome.out)
    for part in (found["calibration"], found["cost"]):
        assert 15_000 < part["num_symbols"] <= 20_000 and part["num_pieces"] >= 6


@pytest.mark.parametrize(
    ("words", "status", "parts"),
    [
        ("RUN --calibrate plucked --out there", 1, ["there", "exists"]),
        ("RUN --precision int4 --out new", 2, ["int4"]),
        ("RUN --calibrate nowhere --out new", 1, ["'nowhere'", "folder", "named set"]),
        ("RUN --calibrate empty --out new", 1, ["empty"]),
        ("RUN --calibrate silent --out new", 1, ["silent"]),
        ("RUN", 2, ["--out", "missing"]),
        ("EXPORTED --out new", 2, ["exported", "int8"]),
        ("cardless --out new", 2, ["cardless", "--calibrate", "folder", "named set"]),
        ("nothing --out new", 1, ["nothing", "exist"]),
    ],
)
def test_what_a_wrong_request_gets(command, trained, exported, tmp_path, monkeypatch, words, status, parts):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "there" / "0.wav", tone())
    (tmp_path / "empty").mkdir()
    write(tmp_path / "silent" / "0.wav", np.zeros(8000))
    checkpoint.save(tmp_path / "cardless", checkpoint.load(trained), {})
    before = sorted(tmp_path.iterdir())
    named = {"RUN": trained, "EXPORTED": exported[0]}
    outcome = command("quantise", *[named.get(word, word) for word in words.split()])
    assert outcome.status == status, outcome.err
    assert_says(outcome.line, *parts)
    assert sorted(tmp_path.iterdir()) == before


def test_a_model_the_engine_cannot_run(command, trained, tmp_path, monkeypatch):
    monkeypatch.delitem(lowering.LAYERS, Hidden)
    outcome = command("quantise", trained, "--out", tmp_path / "new")
    assert outcome.status == 2
    assert_says(outcome.line, "native engine", "Hidden", "network.skip")
    assert not list(tmp_path.iterdir())


def test_from_python(trained, tmp_path):
    import undertow as ut

    model = ut.quantise(ut.load(trained), "plucked")
    checkpoint.save(tmp_path / "int8", model, {"description": "notes"})
    found = ut.score(ut.load(tmp_path / "int8"), "plucked", split="validation")
    assert (found.engine, found.precision) == ("native", "int8")
    assert ut.generate(model, num_steps=50, seed=3).precision == "int8"
    with refuses(ut.UsageError, "int8", "data"):
        ut.quantise(ut.load(trained))
    assert ut.score(ut.quantise(ut.load(trained), precision="bfloat16"), "plucked").precision == "bfloat16"


def test_without_the_engine_it_refuses_at_once(command, trained, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "why_missing", lambda: "it was not built")
    outcome = command("quantise", trained, "--calibrate", "plucked", "--out", tmp_path / "int8")
    assert outcome.status == 2 and not (tmp_path / "int8").exists()
    assert outcome.err.strip() == "undertow: quantise needs the native engine; it was not built"


def test_it_says_that_recordings_were_resampled(command, trained, tmp_path):
    for index in range(12):
        write(tmp_path / f"wavs/{index}.wav", tone(rate=16000), 16000)
    outcome = command("quantise", trained, "--calibrate", tmp_path / "wavs", "--out", tmp_path / "int8")
    assert outcome.status == 0, outcome.err
    assert "resampled" in outcome.err
    assert "resampled" in command("score", trained, tmp_path / "wavs").err
