"""Recipes: what to train, on what, and how, in one YAML file, each field of which can be changed from outside."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field

from undertow.config import config, nearest, parse
from undertow.errors import DataError, UsageError
from undertow.models import MODELS
from undertow.training.config import TrainingConfig

FOLDER = Path(__file__).parent
SECTIONS = ("description", "data", "model", "training", "samples")
MODEL_PARTS = ("alphabet", "network", "emission", "conditioner")
AUTO = "auto"

Count = Annotated[int, Field(ge=1)]
Rate = Annotated[int, Field(ge=1)]


@config
class DataConfig:
    """Where clips come from, and how they are cut.

    Attributes:
        source: a named set, "plucked" (notes that the package synthesises), or a folder.
        path: where a named set lies, when it is neither in UNDERTOW_DATA nor in the cache.
        sample_rate: Hz that everything is resampled to; the set's own where it is not given.
        label_pattern: how a folder's file names tell labels, such as "{digit}_{speaker}_{take}".
        trim_decibels: cut both ends where they stay this far below the loudest 10 ms (-40, say); None: as they are.
        crop_steps: samples of a training crop at most; None: whole clips.
    """

    source: str | None = None
    path: str | None = None
    sample_rate: Rate | None = None
    label_pattern: str | None = None
    trim_decibels: Annotated[float, Field(lt=0)] | None = None
    crop_steps: Count | None = None


@config
class Samples:
    """What is generated at each validation.

    Attributes:
        count: sequences; 0 for none.
        seconds: length of each.
        temperature: of the draws.
    """

    count: Annotated[int, Field(ge=0)] = 0
    seconds: Annotated[float, Field(gt=0)] = 1.0
    temperature: Annotated[float, Field(ge=0)] = 1.0


@config
class Recipe:
    """A model to be trained.

    Attributes:
        description: one line for a reader.
        model: the model's config as a plain mapping, with what only the data can tell left open: `conditioner.labels`
            may be a list of label names, or "auto" for all that the data has, and the sample rate is the data's.
    """

    description: str = ""
    data: DataConfig
    model: dict[str, Any]
    training: TrainingConfig
    samples: Samples = Samples()


def recipe_names() -> list[str]:
    """The recipes that come with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def read_recipe(recipe: str | Path | Mapping[str, Any], changes: Mapping[str, Any] | None = None) -> Recipe:
    """A recipe by name, from a YAML file, or as a mapping, with single fields changed.

    Args:
        changes: values by dotted name, {"training.learning_rate": 0.001}; the model's own parts go without "model.".

    Raises:
        UsageError: no recipe of that name, an unknown key (the nearest is named), or a value of the wrong type.
        DataError: the file is not YAML.
    """
    values = copy.deepcopy(dict(recipe)) if isinstance(recipe, Mapping) else _read(recipe)
    for key, value in (changes or {}).items():
        _change(values, key, value)
    made = parse(Recipe, values)
    complete(made, {}, made.data.sample_rate)
    return made


def parse_changes(texts: Sequence[str]) -> dict[str, Any]:
    """Changes as they are typed, "network.residual_channels=64", their values read as YAML.

    Raises:
        UsageError: a text without a key or without "=".
    """
    changes = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not separator or not key:
            raise UsageError(f"'{text}' changes nothing; write it as network.residual_channels=64")
        changes[key] = _value(value)
    return changes


def complete(recipe: Recipe, labels: Mapping[str, Sequence[str]], sample_rate: int | None) -> Any:
    """The config of the recipe's model, with class names by label name and the data's rate in Hz filled in.

    Raises:
        UsageError: an unknown key or a wrong value in the recipe's model.
    """
    values = dict(recipe.model)
    kind = values.setdefault("kind", "autoregressive")
    if kind not in MODELS:
        raise UsageError(f"model: unknown kind '{kind}'{nearest(str(kind), MODELS)}")
    if values.get("sample_rate") not in (None, sample_rate):
        raise UsageError(
            f"model.sample_rate is {values['sample_rate']}; set data.sample_rate instead, and the model has it"
        )
    conditioner = dict(_section(values, "conditioner"))
    if not isinstance(conditioner.get("labels"), Mapping):
        conditioner["labels"] = labels
    if conditioner.get("features") is not None:
        conditioner["features"] = _features(_section(conditioner, "features"), sample_rate)
    return parse(MODELS[kind].Config, {**values, "conditioner": conditioner, "sample_rate": sample_rate}, "model")


def wanted_labels(recipe: Recipe) -> Sequence[str] | Literal["auto"]:
    """The names of the labels the model is to know, or "auto".

    Raises:
        UsageError: it is neither a list of names nor "auto".
    """
    labels = _section(recipe.model, "conditioner").get("labels", [])
    if labels == AUTO or (isinstance(labels, list | tuple | Mapping) and all(isinstance(one, str) for one in labels)):
        return AUTO if labels == AUTO else list(labels)
    raise UsageError(f"model.conditioner.labels is {labels!r}; it must be a list of label names, or {AUTO}")


def _features(features: Mapping[str, Any], sample_rate: int | None) -> dict[str, Any]:
    if sample_rate is None and "sample_rate" not in features:
        raise UsageError("a model with features needs its rate before the data is read: give data.sample_rate")
    return {"sample_rate": sample_rate, **features}


def _read(recipe: str | Path) -> dict[str, Any]:
    path = FOLDER / f"{recipe}.yaml"
    if not path.is_file():
        path = Path(recipe)
    if path.suffix not in (".yaml", ".yml"):
        raise UsageError(f"unknown recipe '{recipe}'{nearest(str(recipe), recipe_names())}")
    if not path.is_file():
        raise UsageError(f"there is no recipe file {path}")
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is not YAML: {error}") from None
    if not isinstance(values, dict):
        raise DataError(f"{path} is not a recipe: it must have the sections {', '.join(SECTIONS)}")
    return values


def _change(values: dict[str, Any], key: str, value: Any) -> None:
    """Put a value where its dotted name says, making sections that are not there yet."""
    path = key.split(".")
    if path[0] in MODEL_PARTS:
        path.insert(0, "model")
    if path[0] not in SECTIONS:
        raise UsageError(f"unknown key '{key}'{nearest(path[0], [*SECTIONS, *MODEL_PARTS])}")
    where = values
    for depth, name in enumerate(path[:-1]):
        if where.get(name) is None:
            where[name] = {}
        if not isinstance(where[name], dict):
            raise UsageError(f"'{'.'.join(path[: depth + 1])}' is a value and no section, so '{key}' is no key")
        where = where[name]
    where[path[-1]] = value


def _value(text: str) -> Any:
    """The text as YAML, or the text itself where it is none, such as {digit}_{speaker}."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _section(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = values.get(name) or {}
    if not isinstance(section, Mapping):
        raise UsageError(f"{name} is {section!r}; it must be a section with keys")
    return section
