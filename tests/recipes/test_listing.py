"""What each recipe trains, as its file says."""

from pathlib import Path

import pytest
import yaml

from tests.refusals import refuses
from undertow.errors import UsageError
from undertow.recipes import recipe_names
from undertow.recipes.listing import describe_recipe, list_recipes
from undertow.recipes.recipe import FOLDER


def test_fault_26_every_recipe_is_listed_as_its_file_says() -> None:
    found = list_recipes()
    assert [one.name for one in found] == recipe_names()
    for one in found:
        own = yaml.safe_load((FOLDER / f"{one.name}.yaml").read_text(encoding="utf-8"))
        assert one.description == own["description"] and (one.steps is None) != (one.minutes is None)
        assert own.get("training", {}).get("steps", one.steps) == one.steps
        assert "extends" not in one.values
    sizes = {one.name: one.num_parameters for one in found}
    assert sizes["wavenet-fsdd"] == 622_976 and sizes["bytenet-tinyshakespeare"] is None
    networks = {one.name: (one.model, one.network, one.data) for one in found}
    assert networks["gru-adding"] == ("regressor", "rnn", "the adding problem")
    assert networks["wavenet"] == ("autoregressive", "wavenet", None) and networks["classify"][1] is None


def test_a_recipe_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("extends: tcn-jsb\ndescription: mine\nmodel: {network: {channels: 8}}\ntraining: {steps: 7}\n")
    one = describe_recipe(path)
    assert (one.name, one.description, one.steps, one.data) == (str(path), "mine", 7, "jsb")
    assert 0 < one.num_parameters < describe_recipe("tcn-jsb").num_parameters
    assert one.values["model"]["network"]["kernel_size"] == 3


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("training: {stps: 3}", ["training.stps", "'steps'"]),
        ("data: {kind: rolls, sorce: jsb}\ntraining: {steps: 1}", ["data.sorce", "'source'"]),
        ("model: {kind: nothing}\ndata: {kind: rolls, source: jsb}\ntraining: {steps: 1}", ["'nothing'"]),
        ("training: 3", ["training"]),
    ],
)
def test_what_is_wrong_in_a_file_is_named(text: str, parts: list[str], tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    with refuses(UsageError, *parts):
        describe_recipe(tmp_path / "mine.yaml")
    with refuses(UsageError, "'tcn-jsbb'", "'tcn-jsb'"):
        describe_recipe("tcn-jsbb")
