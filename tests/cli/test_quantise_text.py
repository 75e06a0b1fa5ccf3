"""`undertow quantise`, `info` and `bench` with models of text, and what they say to classifiers and regressors."""

import json

import numpy as np
import pytest

from tests.generation.symbol_models import CHARACTERS, FAMILIES, roll_model, text_model
from tests.refusals import assert_says, refuses
from undertow import checkpoint
from undertow.alphabets.subwords import train_subwords
from undertow.config import parse, to_dict
from undertow.models import Classifier, Regressor
from undertow.native.engine import why_missing
from undertow.recipes import excerpt, exporting
from undertow.recipes.tasks import TASKS

NETWORK = FAMILIES["tcn"]
QUICK = ("--threads", "1", "--seconds", "0.001")


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """A file of 40,000 characters: words, drawn at random."""
    path = tmp_path_factory.mktemp("text") / "words.txt"
    words = np.random.default_rng(0).choice(["the", "bell", "wound", "was", "red", "need", "list\n"], 12_000)
    path.write_text(" ".join(words)[:40_000], encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def runs(text, tmp_path_factory):
    """Checkpoints of small models with random weights, whose cards name the text; read only."""
    folder = tmp_path_factory.mktemp("runs")
    characters = dict(kind="characters", characters=CHARACTERS)
    models = {name: text_model(name).float() for name in ("bytenet", "tcn", "transformer")}
    models["bytes"] = text_model("bytenet", dict(kind="bytes")).float()
    tokenizer = to_dict(train_subwords([text.read_text(encoding="utf-8")], 260))
    models["subwords"] = text_model("bytenet", tokenizer).float()
    told = dict(kind="classifier", alphabet=characters, network=NETWORK, label="mood", classes=["glad", "sad"])
    models["classifier"] = Classifier(parse(Classifier.Config, told))
    adding = dict(kind="regressor", alphabet=dict(kind="numbers", num_elements=2), label="sum")
    adding["network"] = dict(NETWORK, input="scalar")
    models["regressor"] = Regressor(parse(Regressor.Config, adding))
    data = {"kind": "text", "source": str(text), "splits": {"train": {"num_sequences": 1, "num_symbols": 36_000}}}
    for name, model in models.items():
        checkpoint.save(folder / name, model, {"data": data})
    checkpoint.save(folder / "rolls", roll_model().float(), {"data": {"kind": "rolls", "source": "jsb"}})
    return folder


def facts(outcome):
    assert outcome.status == 0, outcome.err
    lines = dict(line.split("  ", 1) for line in outcome.out.splitlines())
    return {name.strip(): fact.strip() for name, fact in lines.items()}


@pytest.mark.native
@pytest.mark.parametrize("name", ["bytenet", "tcn", "transformer"])
def test_a_model_of_text_in_int8(command, runs, text, tmp_path, name):
    found = facts(command("quantise", runs / name, "--out", tmp_path / "int8"))
    assert found["calibrated on"] == f"{text}, train: 1 piece, 36,000 characters"
    assert found["measured on"] == f"{text}, test: 1 piece, 2,000 characters"
    assert found["float32"].endswith(" bits/character") and found["int8"].count(" bits/character, ") == 1
    section = checkpoint.read_card(tmp_path / "int8")["engine"]
    assert 0 < abs(section["cost"]["added_bits"]) < 0.05 and section["unit"] == "character"
    scored = json.loads(command("score", tmp_path / "int8", "--json").out)
    assert (scored["engine"], scored["precision"]) == ("native", "int8")
    assert scored["bits_per_symbol"] == section["cost"]["bits"]
    plain = json.loads(command("score", runs / name, "--json").out)
    assert plain["bits_per_symbol"] == pytest.approx(section["cost"]["float32_bits"], abs=1e-4)
    assert " bits/character on " in facts(command("info", tmp_path / "int8"))["exported"]
    written = json.loads(command("generate", tmp_path / "int8", "--num-symbols", "9", "--json").out)
    assert (written["engine"], written["precision"]) == ("native", "int8")


@pytest.mark.native
def test_of_long_text_pieces_from_all_over_are_read(command, runs, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "CALIBRATION_SYMBOLS", 5_000)
    monkeypatch.setattr(excerpt, "PIECE_SYMBOLS", 500)
    out = command("quantise", runs / "bytes", "--out", tmp_path / "int8", "--json").out
    heard = json.loads(out)["calibration"]
    assert 4_000 < heard["num_symbols"] <= 5_000 and heard["num_pieces"] >= 8


@pytest.mark.native
def test_other_text_and_bfloat16(command, runs, tmp_path):
    (tmp_path / "other.txt").write_text("the tin bell was wound\n" * 100)
    words = ("--calibrate", tmp_path / "other.txt", "--precision", "bfloat16", "--json")
    found = json.loads(command("quantise", runs / "tcn", "--out", tmp_path / "half", *words).out)
    assert found["calibration"] is None and found["data"] == str(tmp_path / "other.txt")
    assert abs(found["cost"]["added_bits"]) < 0.05


@pytest.mark.native
@pytest.mark.parametrize(
    ("words", "status", "parts"),
    [
        ("classifier", 2, ["classifier", "generate"]),
        ("bytenet --calibrate nowhere.txt", 2, ["'nowhere.txt'", "set of text"]),
        ("bytenet --calibrate plucked", 2, ["'plucked'", "set of text"]),
        ("bytenet --calibrate greek.txt", 1, ["'α'"]),
        ("bytenet --calibrate latin.txt", 1, ["latin.txt", "UTF-8"]),
        ("bytenet --calibrate empty.txt", 1, ["empty.txt", "empty"]),
        ("bytenet --label-pattern {x}", 2, ["--label-pattern", "sound"]),
    ],
)
def test_what_a_wrong_request_gets(command, runs, tmp_path, monkeypatch, words, status, parts):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "greek.txt").write_text("αβγ " * 100, encoding="utf-8")
    (tmp_path / "latin.txt").write_bytes("é ".encode("latin-1") * 100)
    (tmp_path / "empty.txt").write_bytes(b"")
    name, *options = words.split()
    outcome = command("quantise", runs / name, "--out", tmp_path / "out", *options)
    assert outcome.status == status, outcome.err
    assert_says(outcome.line, *parts)
    assert not (tmp_path / "out").exists() and len(list(tmp_path.iterdir())) == 3


@pytest.mark.native
def test_from_python(runs, text):
    import undertow as ut

    model = ut.load(runs / "tcn")
    small = ut.quantise(model, text)
    assert ut.score(small, text).precision == "int8"
    for one, data, parts in [
        (ut.load(runs / "classifier"), text, ["classifier", "generate"]),
        (model, TASKS["adding"].Config(length=9, num_train=4), ["numbers", "text"]),
        (model, TASKS["copy_memory"].Config(num_blanks=9, num_train=4), ["symbols", "model"]),
        (model, TASKS["mnist"].Config(), ["pixels", "256", "text"]),
    ]:
        with refuses(ut.UsageError, *parts):
            ut.quantise(one, data)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bytenet", {"alphabet": r"characters, characters \n abcdehilnorstuwé; 18 symbols"}),
        ("bytes", {"alphabet": "bytes; 256 symbols", "receptive field": " bytes"}),
        ("transformer", {"receptive field": "all of the past"}),
        ("classifier", {"model": "classifier, ", "predicts": "mood of 2: glad, sad; reading last"}),
        ("regressor", {"predicts": "sum, a number; reading last", "alphabet": "numbers, num_elements 2"}),
        ("rolls", {"receptive field": " steps", "data": "jsb"}),
    ],
)
def test_info(command, runs, name, expected):
    found = facts(command("info", runs / name))
    for line, fact in expected.items():
        assert fact in found[line], found[line]
    assert "sample rate" not in found and " ms" not in found["receptive field"] and "samples" not in str(found)
    assert json.loads(command("info", runs / name, "--json").out)["receptive_field_ms"] is None


def test_info_tells_no_tokenizer_but_in_json(command, runs, text):
    outcome = command("info", runs / "subwords")
    found = facts(outcome)
    assert found["alphabet"] == "subwords, size 260; 260 symbols" and max(map(len, outcome.out.splitlines())) < 400
    assert found["data"] == f"{text}; train 36,000 tokens"
    whole = json.loads(command("info", runs / "subwords", "--json").out)["config"]["alphabet"]["tokenizer"]
    assert len(json.loads(whole)["model"]["vocab"]) == 260


def test_bench_of_text(command, runs):
    outcome = command("bench", runs / "bytenet", *QUICK, "--precision", "float32") if not why_missing() else None
    if outcome is not None:
        head, *lines = outcome.out.splitlines()
        assert outcome.status == 0 and "symbols/s" in head and "samples" not in head
        assert [line.split()[5] for line in lines] == ["-", "-"]
    outcome = command("bench", runs / "transformer", *QUICK, "--json")
    rows = json.loads(outcome.out)
    assert {"torch"} <= {row["engine"] for row in rows} <= {"torch", "native"}
    assert all(row["samples_per_second"] > 0 and row["realtime_factor"] is None for row in rows)


@pytest.mark.parametrize("verb", ["bench", "generate"])
@pytest.mark.parametrize("name", ["classifier", "regressor"])
def test_a_classifier_generates_nothing(command, runs, tmp_path, verb, name):
    outcome = command(verb, runs / name)
    assert outcome.status == 2 and not outcome.out
    assert_says(outcome.line, str(runs / name), name, "generate")
