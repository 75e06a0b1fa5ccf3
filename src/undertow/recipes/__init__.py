"""Recipes: one YAML file for each experiment, and the code that trains, scores and exports its model."""

from undertow.recipes.comparing import Comparison, compare
from undertow.recipes.distilling import distil
from undertow.recipes.exporting import quantise
from undertow.recipes.recipe import Recipe, read_recipe, recipe_names
from undertow.recipes.run import Trained, train
from undertow.recipes.scoring import score

__all__ = [
    "Comparison",
    "Recipe",
    "Trained",
    "compare",
    "distil",
    "quantise",
    "read_recipe",
    "recipe_names",
    "score",
    "train",
]
