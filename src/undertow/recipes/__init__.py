"""Recipes: one YAML an experiment, and what makes a trained model of it."""

from undertow.recipes.comparing import Comparison, compare
from undertow.recipes.exporting import quantise
from undertow.recipes.recipe import Recipe, read_recipe, recipe_names
from undertow.recipes.run import Trained, train
from undertow.recipes.scoring import score

__all__ = ["Comparison", "Recipe", "Trained", "compare", "quantise", "read_recipe", "recipe_names", "score", "train"]
