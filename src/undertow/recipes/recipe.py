"""Recipes: model, data and training in one YAML file; a caller can change every field."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import yaml

from undertow.alphabets import ALPHABETS
from undertow.callbacks import silent
from undertow.checkpoint import read_config
from undertow.config import Name, config, nearest, parse, to_dict
from undertow.door import MOST_CONFIG, read_text
from undertow.errors import UsageError, shown
from undertow.models import build, complete, require, require_probabilities
from undertow.models.completing import section
from undertow.plain_yaml import from_yaml, value_of
from undertow.recipes.samples import Samples
from undertow.recipes.tasks import TASKS, DataConfig
from undertow.recipes.teaching import taught_by
from undertow.training.config import TrainingConfig

FOLDER = Path(__file__).parent
LABELLED = {"sound": "audio", "text": "labelled_text"}  # tasks with labels, by the alphabet's kind of data
SECTIONS = ("description", "extends", "init", "teacher", "data", "model", "training", "samples")
IMPLIED_KINDS = {"model": "autoregressive"}  # default kinds of sections
MODEL_PARTS = ("alphabet", "network", "emission", "conditioner")


@config
class Recipe:
    """A model to train.

    In a file, `extends: another-recipe` takes all fields that are not given from that recipe. A section with a
    different `kind` replaces the other recipe's whole section. A model's kind is "autoregressive" by default; any other
    section without a kind has the other recipe's.

    Attributes:
        description: one line for a reader.
        init: folder of a trained model to start from, by weights of the same names and shapes; a recipe without a
            network takes its network too: see `started_from`.
        teacher: folder of a trained model to learn from, in a recipe of a student: see `taught_by`.
        data: what to train on; its `kind` determines its other settings.
        model: the model's config as a plain mapping, without what only the data can tell: the characters of a text, a
            sound's sample rate and labels (a list of names, or "auto" for all), a label's classes.
    """

    description: Name = ""
    init: Name | None = None
    teacher: Name | None = None
    data: DataConfig
    model: dict[str, Any]
    training: TrainingConfig
    samples: Samples = Samples()


def recipe_names() -> list[str]:
    """The names of the package's recipes."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def read_recipe(recipe: str | Path | Mapping[str, Any], changes: Mapping[str, Any] | None = None) -> Recipe:
    """A recipe by name, from a YAML file, or as a mapping, with single fields changed.

    Args:
        changes: values by dotted name, {"training.learning_rate": 0.001}; the parts of a model need no "model.".

    Raises:
        UsageError: no recipe of that name, an unknown key (the message suggests the nearest), or a wrong value.
        DataError: the file is not plain YAML.
    """
    values = _whole(recipe)
    for key, value in (changes or {}).items():
        _change(values, key, value)
    if (teacher := values.get("teacher")) is not None:
        values = taught_by(values, str(teacher))
    if (init := values.get("init")) is not None:
        values = values if "network" in section(values, "model") else started_from(values, str(init))
        read_config(str(init))
    elif "data" not in values and "model" in values:
        raise UsageError("this recipe starts from a trained model; give `undertow train` its folder as --init")
    made = parse(Recipe, values)
    complete(made.model, TASKS[made.data.kind].expected(made.data), silent)  # report errors before data is read
    return made


def recipe_values(recipe: str | Path) -> dict[str, Any]:
    """The content of a recipe by name or file, with what it extends filled in.

    Raises:
        UsageError: there is no such recipe.
        DataError: the file is not plain YAML.
    """
    return _whole(recipe)


def parse_changes(texts: Sequence[str]) -> dict[str, Any]:
    """Parse changes such as "network.residual_channels=64"; values are YAML.

    Raises:
        UsageError: a text without a key or without "=", or a value that no recipe file may have.
    """
    changes = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not separator or not key:
            raise UsageError(f"'{shown(text)}' is not a change; write it as network.residual_channels=64")
        try:
            changes[key] = _value(value)
        except ValueError as error:
            raise UsageError(f"--set {shown(key)}: {error}") from None
    return changes


def started_from(values: Mapping[str, Any], init: str) -> dict[str, Any]:
    """The content of a classifier's recipe, with the network, alphabet and kind of data of the model in `init`.

    Sound is read at the model's sample rate, unless the recipe gives another.

    Raises:
        UsageError: it is not a model of sound or text that generates.
        DataError: it is not a checkpoint.
    """
    found = read_config(init)
    with torch.device("meta"):  # only its shapes
        require_probabilities(require(build(found), "generate", f"{init} is"), f"{init} is")
    real = ALPHABETS[found.alphabet.kind].real
    if real not in LABELLED:
        raise UsageError(f"{init} is a model of {real}; this recipe needs a model of {' or '.join(LABELLED)}")
    parts = {"network": to_dict(found.network), "alphabet": to_dict(found.alphabet)}
    rate = {"sample_rate": found.sample_rate} if real == "sound" else {}
    data = {"kind": LABELLED[real], **rate, **section(values, "data")}
    return {**values, "data": data, "model": {**section(values, "model"), **parts}}


def _whole(recipe: str | Path | Mapping[str, Any], below: tuple[str, ...] = ()) -> dict[str, Any]:
    """A recipe's content, completed from the one that it extends; the recipes in `below` extend this one."""
    values: dict[str, Any] = copy.deepcopy(dict(recipe)) if isinstance(recipe, Mapping) else _read(recipe)
    if "extends" not in values:
        return values
    base = values.pop("extends")
    if not isinstance(base, str):
        raise UsageError(f"extends is {shown(repr(base))}; it must be the name of a recipe or a YAML file")
    if not isinstance(recipe, Mapping) and (beside := Path(recipe).parent / base).is_file():
        base = str(beside)
    if base in below:
        raise UsageError(f"recipes extend each other in a circle: {' extends '.join([*below, base])}")
    return _merged(_whole(base, (*below, base)), values)


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the changes; sections of the same kind are merged key by key."""
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            before = old.get("kind", IMPLIED_KINDS.get(key))
            value = _merged(old, value) if before in (None, value.get("kind", before)) else value
        merged[key] = value
    return merged


def _read(recipe: str | Path) -> dict[str, Any]:
    path = FOLDER / f"{recipe}.yaml"
    if not path.is_file():
        path = Path(recipe)
    if path.suffix not in (".yaml", ".yml"):
        raise UsageError(f"unknown recipe '{shown(recipe)}'{nearest(str(recipe), recipe_names())}")
    if not path.is_file():
        raise UsageError(f"there is no recipe file {path}")
    return from_yaml(read_text(path, MOST_CONFIG), path)


def _change(values: dict[str, Any], key: str, value: Any) -> None:
    """Set the value with a dotted name, adding sections that do not exist yet."""
    path = key.split(".")
    if path[0] in MODEL_PARTS:
        path.insert(0, "model")
    if path[0] not in SECTIONS:
        raise UsageError(f"unknown key '{shown(key)}'{nearest(path[0], [*SECTIONS, *MODEL_PARTS])}")
    where = values
    for depth, name in enumerate(path[:-1]):
        if where.get(name) is None:
            where[name] = {}
        if not isinstance(where[name], dict):
            raise UsageError(f"'{'.'.join(path[: depth + 1])}' is a value, not a section, so '{key}' is not a key")
        where = where[name]
    where[path[-1]] = value


def _value(text: str) -> Any:
    """The text read as YAML; the text itself if it is not YAML, or is a pattern such as {take} or {digit}_{speaker}."""
    try:
        value = value_of(text)
    except yaml.YAMLError:
        return text
    is_pattern = isinstance(value, dict) and bool(value) and ":" not in text
    return text if is_pattern else value
