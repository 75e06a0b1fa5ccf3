"""The path to a past step: of every recipe's model, and of one whose input is numbers without a gradient."""

from dataclasses import replace

import pytest

from tests.generation.models import build as build_small
from tests.recipes.recipe_models import model_of
from undertow.cost.measuring import measure_cost
from undertow.models import build
from undertow.recipes import read_recipe, recipe_names

GENERATING = [
    name
    for name in recipe_names()
    if name != "classify"
    and read_recipe(name).data.kind in ("audio", "text", "rolls")  # what a model can continue
    and read_recipe(name).model.get("kind", "autoregressive") == "autoregressive"
]
SMALLER = {"bytenet-enwik8": {"num_cycles": 1}}  # not 159 million parameters


@pytest.mark.parametrize("name", GENERATING)
def test_fault_1_the_cost_of_every_recipe_is_measured(name: str) -> None:
    config = model_of(name)
    found = measure_cost(build(replace(config, network=replace(config.network, **SMALLER.get(name, {})))), 4)
    assert 1 <= found.longest_path <= 3 and found.step_operations > 0


def test_fault_1_a_first_layer_that_reads_two_samples_as_numbers() -> None:
    """Dilations 1, 2 and 4: the seventh sample back is three moves away."""
    model = build_small("scalar").float()
    assert measure_cost(model, 8).longest_path == 3
    assert model.training
