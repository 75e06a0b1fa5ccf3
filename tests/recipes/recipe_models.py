"""The models of the package's recipes, without their data."""

from dataclasses import replace
from typing import Any

from undertow.alphabets import Characters, Symbols
from undertow.alphabets.tokens import collect_tokens
from undertow.callbacks import silent
from undertow.models import complete
from undertow.recipes import read_recipe
from undertow.recipes.tasks import TASKS

FITTED = Characters.Config(characters="abc")


def model_of(name: str) -> Any:
    """The config of a recipe's model, with placeholders for what its data would tell."""
    made = read_recipe(name)
    told = TASKS[made.data.kind].expected(made.data)
    rate = (told.sample_rate or 8000) if told.real == "sound" else None
    fit = {"fit": lambda config, side: FITTED if config.kind in ("characters", "subwords") else _collected(config)}
    return complete(made.model, replace(told, sample_rate=rate, **fit), silent)


def _collected(config: Any) -> Any:
    if config.kind == "symbols" and config.num_symbols is None:
        return Symbols.Config(num_symbols=5)
    return collect_tokens(config, [["a", "a"]])
