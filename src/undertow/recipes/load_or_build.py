"""Load a trained model, or build a recipe's untrained one, for verbs that analyse models."""

from pathlib import Path
from typing import Any

from undertow.callbacks import silent
from undertow.checkpoint import load
from undertow.config import nearest
from undertow.data.synthetic import PLUCKED
from undertow.errors import UsageError
from undertow.models import Autoregressive, Model, complete, require_probabilities
from undertow.models import build as build_model
from undertow.recipes.recipe import read_recipe, recipe_names
from undertow.recipes.tasks import TASKS


def load_or_build(name: str) -> Autoregressive:
    """The model in the folder of a run or checkpoint, or a recipe's model, freshly initialised.

    A recipe's data is read, since the model may depend on its alphabet and labels; a recipe for any sound is built for
    the notes that the package synthesises.

    Raises:
        UsageError: there is no such folder or recipe, its model is not autoregressive, or the recipe needs data or a
            model of the user's.
        DataError: the folder holds no model, or the recipe's data is missing and cannot be downloaded.
    """
    if Path(name).is_dir():
        return _generating(load(name), f"{name} is")
    if name not in recipe_names() and Path(name).suffix not in (".yaml", ".yml"):
        raise UsageError(f"'{name}' is not the folder of a run or a recipe{nearest(name, recipe_names())}")
    recipe = read_recipe(name)
    kind = TASKS[recipe.data.kind]
    given = PLUCKED if recipe.data.kind == "audio" and recipe.data.source is None else None
    try:
        data = kind.choose(recipe.data, given)
    except UsageError as error:  # it asks for --data, which these verbs lack
        raise UsageError(f"recipe {name} has no data of its own; train it first, then give its run's folder") from error
    kind.fetch(data)
    model = build_model(complete(recipe.model, kind(data).told(), silent))
    return _generating(model, f"the model of recipe {name} is")


def _generating(model: Model, found: str) -> Any:
    """The model, if it generates; the verbs here do the same for no other, so none is named instead."""
    if "generate" not in model.abilities:
        raise UsageError(f"{found} a {model.config.kind}; this needs a model that generates")
    return require_probabilities(model, found)
