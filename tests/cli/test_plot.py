"""`undertow plot`: pictures of what was measured, and one line for what cannot be drawn."""

import json
import sys

import pytest

from tests.cli.translators import translator
from tests.generation.symbol_models import pixel_model
from tests.refusals import assert_says
from undertow import checkpoint
from undertow.cost.network_families import family
from undertow.decoding import translate


@pytest.fixture(scope="module")
def text_model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plot") / "text"
    checkpoint.save(folder, family("transformer", 24, width=8, depth=2), {})
    return folder


@pytest.fixture(scope="module")
def pair_model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plot") / "pair"
    checkpoint.save(folder, translator(), {})
    return folder


def is_png(path):
    return path.read_bytes().startswith(b"\x89PNG")


def test_the_receptive_field(command, trained, tmp_path):
    out = tmp_path / "field.png"
    outcome = command("plot", trained, "--receptive-field", "--out", out)
    facts = dict(line.split("  ", 1) for line in outcome.out.splitlines())
    facts = {name.strip(): fact.strip() for name, fact in facts.items()}
    assert outcome.status == 0, outcome.err
    assert facts["declared"] == facts["measured"] == "1,024" and facts["looked at"] == "1,281" and is_png(out)


def test_as_json_of_all_of_the_past(command, text_model, tmp_path):
    outcome = command("plot", text_model, "--receptive-field", "--out", tmp_path / "a.png", "--steps", "20", "--json")
    found = json.loads(outcome.out)
    assert found["declared"] is None and found["measured"] == found["looked_at"] == 20
    assert 1 <= found["half_within"] <= found["nine_tenths_within"] <= 20


def test_what_a_pixel_sees(command, tmp_path):
    checkpoint.save(tmp_path / "model", pixel_model(), {})
    words = ("plot", tmp_path / "model", "--receptive-field", "--out", tmp_path / "a.png")
    found = json.loads(command(*words, "--json").out)
    assert (found["pixel"], found["pixels_before"]) == ("row 6, column 4", 33) and is_png(tmp_path / "a.png")
    assert 0 < found["seen"] < 33
    assert json.loads(command(*words, "--steps", "1", "--json").out)["seen"] == 0


@pytest.mark.parametrize("more", [[], ["--layer", "2"]])
def test_attention(command, text_model, tmp_path, more):
    outcome = command("plot", text_model, "--attention", "- to be, $x$", "--out", tmp_path / "a.png", *more, "--json")
    found = json.loads(outcome.out)
    assert (found["num_layers"], found["num_heads"], found["inputs"]) == (2, 1, 13) and is_png(tmp_path / "a.png")


def test_attention_over_more_than_an_axis_can_name(command, tmp_path):
    checkpoint.save(tmp_path / "model", family("rnn-attention", 80, width=8, depth=1), {})
    outcome = command("plot", tmp_path / "model", "--attention", "ab" * 30, "--out", tmp_path / "a.png")
    assert outcome.status == 0 and is_png(tmp_path / "a.png"), outcome.err


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["--out", "a.png"], ["--receptive-field", "--attention"]),
        (["--out", "a.png", "--receptive-field", "--attention", "a"], ["--receptive-field", "--attention"]),
        (["--out", "a.pdf", "--receptive-field"], ["a.pdf", "a.png"]),
        (["--out", "new/a.png", "--receptive-field"], ["new/a.png", "folder new"]),
        (["--out", "a.png", "--receptive-field", "--steps", "0"], ["steps is 0"]),
        (["--out", "a.png", "--receptive-field", "--steps", "25"], ["steps is 25", "1 to 24"]),
        (["--out", "a.png", "--attention", ""], ["text", "empty"]),
        (["--out", "a.png", "--attention", "a" * 24], ["max_length is 24"]),
        (["--out", "a.png", "--attention", "a", "--layer", "3"], ["layers 1 to 2"]),
        (["--out", "a.png", "--attention", "a", "--steps", "3"], ["--steps", "--receptive-field"]),
        (["--out", "a.png", "--attention", "a", "--alignment", "a"], ["--receptive-field", "--attention"]),
        (["--out", "a.png", "--attention", "a", "--translation", "a"], ["--translation", "--alignment"]),
        (["--out", "a.png", "--alignment", "a"], ["translate"]),
    ],
)
def test_wrong_requests(command, text_model, tmp_path, monkeypatch, words, parts):
    monkeypatch.chdir(tmp_path)
    outcome = command("plot", text_model, *words)
    assert outcome.status == 2 and not list(tmp_path.iterdir())
    assert_says(outcome.line, *parts)


def test_alignment_of_a_translation(command, pair_model, tmp_path):
    words = ("plot", pair_model, "--alignment", "ein hund", "--out", tmp_path / "a.png", "--json")
    own = json.loads(command(*words).out)
    assert own["drawn"] == "attention" and own["source_symbols"] == 9 and is_png(tmp_path / "a.png")
    assert own["translation"] == translate(checkpoint.load(pair_model), ["ein hund"]).texts[0]
    given = json.loads(command(*words, "--translation", "a dab.").out)
    assert given["translation"] == "a dab." and given["target_symbols"] == 7


@pytest.mark.parametrize(
    ("words", "status", "part"),
    [
        (["--alignment", ""], 2, "empty"),
        (["--alignment", "ein ☃"], 1, "character '☃'"),
        (["--alignment", "a", "--translation", "☃"], 1, "character '☃'"),
        (["--alignment", "a" * 24], 2, "25"),
        (["--alignment", "a", "--translation", "a" * 24], 2, "25"),
        (["--receptive-field"], 2, "needs a model that generates"),
    ],
)
def test_alignments_that_cannot_be_drawn(command, pair_model, tmp_path, words, status, part):
    outcome = command("plot", pair_model, *words, "--out", tmp_path / "a.png")
    assert outcome.status == status and part in outcome.line and not list(tmp_path.iterdir())


def test_attention_of_a_model_that_has_none(command, trained, tmp_path):
    checkpoint.save(tmp_path / "text", family("wavenet", 24, width=8, depth=2), {})
    outcome = command("plot", tmp_path / "text", "--attention", "a", "--out", tmp_path / "a.png")
    assert outcome.status == 2
    assert_says(outcome.line, "wavenet", "attention", "transformer", "rnn_attention")
    outcome = command("plot", trained, "--attention", "a", "--out", tmp_path / "a.png")
    assert outcome.status == 2
    assert_says(outcome.line, "attention", "sound", "text")


def test_a_folder_in_the_way_and_no_matplotlib(command, text_model, tmp_path, monkeypatch):
    (tmp_path / "a.png").mkdir()
    outcome = command("plot", text_model, "--receptive-field", "--out", tmp_path / "a.png")
    assert outcome.status == 2
    assert_says(outcome.line, tmp_path / "a.png", "folder")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    outcome = command("plot", text_model, "--receptive-field", "--out", tmp_path / "b.png")
    assert outcome.status == 2 and "undertow[plots]" in outcome.line
