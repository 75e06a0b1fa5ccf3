"""What each recipe trains: its model, data, size and length, from the recipe's own file."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from undertow.callbacks import silent
from undertow.config import parse
from undertow.errors import UsageError
from undertow.models import ShortReceptiveFieldWarning, build, complete
from undertow.models.completing import section
from undertow.recipes.recipe import IMPLIED_KINDS, recipe_names, recipe_values
from undertow.recipes.tasks import TASKS
from undertow.training.config import TrainingConfig


@dataclass(frozen=True)
class Listed:
    """A recipe in brief.

    Attributes:
        name: its name, or its file.
        description: one line.
        model: kind of model, such as "autoregressive".
        network: kind of network, or of encoder; None if it is taken from a trained model.
        data_kind: kind of data; None if it is that of a trained model.
        data: a named set, or what is made; None: your own, given as --data.
        num_parameters: without parts that only the data determines, such as embeddings of labels; None if its size
            depends on the symbols of the data.
        steps, minutes: length of training; None where the other one is given.
        values: the whole content, with what it extends filled in.
    """

    name: str
    description: str
    model: str
    network: str | None
    data_kind: str | None
    data: str | None
    num_parameters: int | None
    steps: int | None
    minutes: float | int | None
    values: dict[str, Any]


def list_recipes() -> list[Listed]:
    """All recipes of the package, by name."""
    return [describe_recipe(name) for name in recipe_names()]


def describe_recipe(recipe: str | Path) -> Listed:
    """A recipe by name, or a YAML file, in brief.

    Raises:
        UsageError: no recipe of that name, an unknown key, or a wrong value.
        DataError: the file is not plain YAML.
    """
    values = recipe_values(recipe)
    model = section(values, "model")
    network = section(model, "network") or section(model, "encoder")
    training = parse(TrainingConfig, section(values, "training"), "training")
    data = section(values, "data")
    kind = data.get("kind")
    return Listed(
        name=str(recipe),
        description=str(values.get("description", "")),
        model=str(model.get("kind", IMPLIED_KINDS["model"])),
        network=None if "kind" not in network else str(network["kind"]),
        data_kind=None if kind is None else str(kind),
        data=None if kind not in TASKS else _data(kind, data),
        num_parameters=_size(model, data) if kind in TASKS else None,
        steps=training.steps,
        minutes=training.minutes,
        values=values,
    )


def _data(kind: str, values: dict[str, Any]) -> str | None:
    """The name of a recipe's data."""
    config: Any = parse(TASKS[kind].Config, values, "data")
    has_own_name = "source" not in config.__dataclass_fields__
    return TASKS[kind].name(config) if has_own_name or config.source is not None else None


def _size(model: dict[str, Any], values: dict[str, Any]) -> int | None:
    """Parameters of a recipe's model, if the recipe alone determines them."""
    kind = TASKS[values["kind"]]
    told = kind.expected(parse(kind.Config, values, "data"))
    config = complete(model, told, silent)
    with torch.device("meta"), warnings.catch_warnings():  # only shapes
        warnings.simplefilter("ignore", ShortReceptiveFieldWarning)
        try:
            return build(config).num_parameters
        except UsageError:  # symbols that are collected from the data
            return None
