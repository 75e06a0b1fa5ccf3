"""A kind of model that the package does not have, from its recipe to its score: one line in `MODELS` is enough."""

from pathlib import Path

import pytest

import undertow as ut
from tests.models.bag import Bag
from undertow.cli import main
from undertow.models import MODELS
from undertow.recipes.run import describe


def test_a_model_without_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setitem(MODELS, "bag", Bag)
    table = tmp_path / "moods.csv"
    rows = [f"{text} {number},{label}" for number in range(40) for text, label in (("haha", "glad"), ("sob", "sad"))]
    table.write_text("\n".join(["text,label", *rows]))
    recipe = {
        "data": {"kind": "labelled_text", "longest": 12},
        "model": {"kind": "bag", "alphabet": {"kind": "characters"}},
        "training": {"steps": 60, "learning_rate": 0.3, "batch_size": 8, "num_validations": 1, "tensorboard": False},
    }
    ut.train(recipe, tmp_path / "run", data=table, seed=1)
    model = ut.load(tmp_path / "run")
    assert describe(model) == f"bag of {model.num_parameters:,} parameters"
    assert ut.score(model, table, split="train").accuracy == 1
    main(["info", str(tmp_path / "run")])
    shown = capsys.readouterr().out
    assert "label of 2: glad, sad" in shown and "receptive field" not in shown
