"""`undertow cost`: a table of what models take, its JSON and picture, and one line for what cannot be measured."""

import json

import pytest

from tests.refusals import assert_says
from undertow.cost.growth_laws import BUILT, NOTES
from undertow.cost.measuring import QUANTITIES

QUICK = ("--lengths", "8,16,32")
SMALL = ("--width", "8", "--depth", "2", *QUICK)


def test_families_side_by_side(command):
    outcome = command("cost", "--compare", "gru,rnn-attention,transformer,bytenet", *SMALL)
    assert outcome.status == 0, outcome.err
    for words in ("gru: ", "sees all of the past", "bytenet: ", "exponent", "textbook", "t²·k²·d (2)"):
        assert words in outcome.out


def test_json(command):
    outcome = command("cost", "--compare", "tcn, lstm ,tcn", *SMALL, "--json")
    rows = json.loads(outcome.out)
    assert [row["name"] for row in rows] == ["tcn", "lstm"]
    for row in rows:
        assert row["lengths"] == [8, 16, 32] and set(row["quantities"]) == set(QUANTITIES)
        training = row["quantities"]["training_operations"]
        assert training["exponent"] == pytest.approx(1, abs=0.01) and training["built"]["exponent"] == 1
    assert rows[0]["quantities"]["state_bytes"]["textbook"] is None and rows[0]["receptive_field"] == 13
    assert rows[1]["quantities"]["longest_path"]["textbook"] == {"formula": "t", "exponent": 1}


def test_a_trained_model_and_a_picture(command, trained, tmp_path):
    outcome = command("cost", trained, *QUICK, "--plot", tmp_path / "cost.png")
    assert outcome.status == 0 and outcome.out.startswith(f"{trained.name}: "), outcome.err
    assert "sees 1,024 steps" in outcome.out
    assert (tmp_path / "cost.png").read_bytes().startswith(b"\x89PNG")


def test_a_recipe_untrained(command):
    (row,) = json.loads(command("cost", "wavenet", "--lengths", "8,16", "--json").out)
    assert row["name"] == "wavenet" and row["kind"] == "wavenet"


def test_a_network_without_a_law(command, monkeypatch):
    for laws in (BUILT, NOTES):
        monkeypatch.delitem(laws, "tcn")
    outcome = command("cost", "--compare", "tcn", *SMALL)
    assert outcome.status == 0 and "None" not in outcome.out, outcome.err
    (row,) = json.loads(command("cost", "--compare", "tcn", *SMALL, "--json").out)
    assert row["note"] is None and row["quantities"]["longest_path"]["built"] is None


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["--compare", "rnn,transfomer"], ["'transfomer'", "'transformer'"]),
        (["--compare", ","], ["--compare", "','", "family"]),
        (["--lengths", "1,2"], ["lengths", "'1,2'"]),
        (["--lengths", "a"], ["lengths", "'a'"]),
        (["--width", "0"], ["--width is 0"]),
        (["--depth", "-1"], ["--depth is -1"]),
        (["--plot", "cost.pdf"], ["cost.pdf", "cost.png"]),
        (["wavenet-fsdd", "--compare", "rnn"], ["--compare", "--width", "--depth", "model"]),
        (["wavenet-fsdd", "--depth", "2"], ["--compare", "--width", "--depth", "model"]),
        (["wavnet-fsdd"], ["'wavnet-fsdd'", "recipe", "'wavenet-fsdd'"]),
        (["tcn-text"], ["tcn-text", "data", "run"]),
        (["tcn-adding"], ["tcn-adding", "regressor", "generates"]),
    ],
)
def test_wrong_requests(command, words, parts):
    outcome = command("cost", *words)
    assert outcome.status == 2 and not outcome.out
    assert_says(outcome.line, *parts)
