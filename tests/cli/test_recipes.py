"""`undertow recipes`: the list, one recipe, and both as JSON."""

import json

import yaml

from tests.refusals import assert_says
from undertow.recipes import recipe_names
from undertow.recipes.recipe import FOLDER, recipe_values


def test_fault_26_the_list(command):
    outcome = command("recipes")
    lines = outcome.out.splitlines()
    assert outcome.status == 0 and [line.split()[0] for line in lines[1:]] == recipe_names()
    line = next(line for line in lines if line.startswith("wavenet-fsdd "))
    assert_says(line, "fsdd", "autoregressive wavenet", "0.62 M", "17,000 updates", "Spoken digits")
    found = json.loads(command("recipes", "--json").out)
    assert [one["name"] for one in found] == recipe_names()
    assert all(one["description"] and ("steps" in one) for one in found)


def test_fault_26_one_recipe_is_shown_whole_and_can_be_trained_again(command, tmp_path):
    outcome = command("recipes", "lstm-jsb")
    head, _, text = outcome.out.partition("\n\n")
    assert outcome.status == 0 and yaml.safe_load(text) == recipe_values("lstm-jsb")
    assert_says(head, "autoregressive rnn", "4,500 updates")
    assert json.loads(command("recipes", "lstm-jsb", "--json").out)["recipe"]["data"]["source"] == "jsb"
    assert command("recipes", FOLDER / "lstm-jsb.yaml").out.partition("\n\n")[2] == text
    outcome = command("recipes", "lstm-jsbb")
    assert outcome.status == 2
    assert_says(outcome.line, "'lstm-jsbb'", "'lstm-jsb'")
