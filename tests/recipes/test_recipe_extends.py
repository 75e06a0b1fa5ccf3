"""A recipe that extends another: what it takes, what it replaces, and what cannot be extended."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.refusals import refuses
from undertow.errors import UsageError
from undertow.recipes import read_recipe

BASE: dict[str, Any] = {
    "description": "base",
    "data": {"kind": "text", "source": "tinyshakespeare", "crop_steps": 7},
    "model": {"alphabet": {"kind": "bytes"}, "network": {"kind": "rnn", "cell": "gru", "channels": 5}},
    "training": {"steps": 3, "learning_rate": 0.5},
}


def written(folder: Path, **recipes: dict[str, Any]) -> None:
    folder.mkdir(exist_ok=True)
    for name, values in recipes.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(values))


def test_sections_are_merged_key_by_key_and_over_several_files(tmp_path: Path) -> None:
    middle = {"extends": "base.yaml", "training": {"steps": 4}}
    top = {"extends": "middle.yaml", "model": {"network": {"cell": "lstm"}}, "data": {"crop_steps": 9}}
    written(tmp_path / "mine", base=BASE, middle=middle, top=top)
    made = read_recipe(tmp_path / "mine/top.yaml", {"training.batch_size": 2})
    assert made.description == "base" and (made.training.steps, made.training.learning_rate) == (4, 0.5)
    assert made.model["network"] == {"kind": "rnn", "cell": "lstm", "channels": 5} and made.training.batch_size == 2
    assert (made.data.source, made.data.crop_steps) == ("tinyshakespeare", 9)


def test_a_section_of_another_kind_is_taken_whole(tmp_path: Path) -> None:
    network = {"kind": "tcn", "channels": 4, "num_levels": 2}
    data = {"kind": "adding", "length": 5}
    written(tmp_path, base=BASE)
    made = read_recipe({"extends": str(tmp_path / "base.yaml"), "model": {"network": network}})
    assert made.model["network"] == network and made.model["alphabet"] == {"kind": "bytes"}
    with refuses(UsageError, "alphabet", "numbrs"):
        read_recipe({"extends": str(tmp_path / "base.yaml"), "data": data, "model": {"alphabet": {"kind": "numbrs"}}})


@pytest.mark.parametrize("model", [{}, {"kind": "autoregressive"}])
@pytest.mark.parametrize("change", [{}, {"kind": "autoregressive"}])
def test_the_kind_that_is_implied_is_no_other(model: dict[str, str], change: dict[str, str], tmp_path: Path) -> None:
    written(tmp_path, base={**BASE, "model": {**model, **BASE["model"]}})
    made = read_recipe({"extends": str(tmp_path / "base.yaml"), "model": {**change, "network": {"channels": 6}}})
    assert made.model["network"] == {"kind": "rnn", "cell": "gru", "channels": 6}
    assert made.model["alphabet"] == {"kind": "bytes"}


def test_a_kind_that_is_given_later_keeps_what_was_given_without_one(tmp_path: Path) -> None:
    written(tmp_path, base={**BASE, "data": {"source": "tinyshakespeare", "crop_steps": 7}})
    made = read_recipe({"extends": str(tmp_path / "base.yaml"), "data": {"kind": "text", "carry_state": True}})
    assert (made.data.source, made.data.crop_steps, made.data.carry_state) == ("tinyshakespeare", 7, True)


def test_a_model_of_another_kind_is_taken_whole(tmp_path: Path) -> None:
    model = {"kind": "classifier", "network": {"kind": "rnn", "channels": 3}}
    data = {"kind": "labelled_text", "longest": 9}
    written(tmp_path, base=BASE)
    made = read_recipe({"extends": str(tmp_path / "base.yaml"), "model": model, "data": data})
    assert made.model == model and made.data.longest == 9 and made.training.learning_rate == 0.5
    written(tmp_path, classifier={"extends": "base.yaml", "model": model, "data": data})
    change = {"network": {"channels": 4}}
    made = read_recipe({"extends": str(tmp_path / "classifier.yaml"), "model": change})
    assert made.model == {"kind": "classifier", "network": {"kind": "rnn", "channels": 4}}


def test_one_of_the_packages_is_extended_and_left_as_it_is() -> None:
    before = read_recipe("tcn-jsb")
    made = read_recipe({"extends": "tcn-jsb", "training": {"steps": 1}})
    assert made.training.steps == 1 and made.model == before.model
    assert read_recipe("tcn-jsb") == before


@pytest.mark.parametrize(
    ("recipes", "parts"),
    [
        ({"a": {"extends": "tcn-jbs"}}, ["'tcn-jbs'", "'tcn-jsb'"]),
        ({"a": {"extends": "none.yaml"}}, ["none.yaml"]),
        ({"a": {"extends": None}}, ["extends", "None", "YAML"]),
        ({"a": {"extends": ["tcn-jsb"]}}, ["extends", "['tcn-jsb']", "YAML"]),
        ({"a": {"extends": "a.yaml"}}, ["circle", "a.yaml"]),
        ({"a": {"extends": "b.yaml"}, "b": {"extends": "c.yaml"}, "c": {"extends": "b.yaml"}}, ["circle", "c.yaml"]),
        ({"a": {"extends": "b.yaml", "training": {"stepz": 1}}, "b": BASE}, ["'training.stepz'"]),
    ],
)
def test_what_cannot_be_extended(recipes: dict[str, Any], parts: list[str], tmp_path: Path) -> None:
    written(tmp_path, **recipes)
    with refuses(UsageError, *parts) as caught:
        read_recipe(tmp_path / "a.yaml")
    assert "\n" not in str(caught.value)
