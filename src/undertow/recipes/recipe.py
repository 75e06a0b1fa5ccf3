"""Recipes: what to train, on what, and how, in one YAML file, each field of which can be changed from outside."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import yaml

from undertow.alphabets import ALPHABETS
from undertow.callbacks import silent
from undertow.checkpoint import read_config
from undertow.config import config, nearest, parse, to_dict
from undertow.errors import DataError, UsageError
from undertow.models import build, complete, require
from undertow.models.completing import section
from undertow.plain_yaml import from_yaml
from undertow.recipes.samples import Samples
from undertow.recipes.tasks import TASKS, DataConfig
from undertow.training.config import TrainingConfig

FOLDER = Path(__file__).parent
LABELLED = {"sound": "audio", "text": "labelled_text"}  # kinds of data with labels, by what an alphabet is of
SECTIONS = ("description", "extends", "init", "data", "model", "training", "samples")
IMPLIED_KINDS = {"model": "autoregressive"}  # of sections that need not give theirs
MODEL_PARTS = ("alphabet", "network", "emission", "conditioner")


@config
class Recipe:
    """A model to be trained.

    In a file, `extends: another-recipe` takes whatever is not given from that one, field by field. A section of another
    `kind` than there takes the place of the whole section; a model's kind is "autoregressive" where none is given, and
    any other section without a kind is of the kind that the other recipe gives it.

    Attributes:
        description: one line for a reader.
        init: folder of a trained model to start from, by weights of the same names and shapes; a recipe without a
            network takes that too: see `started_from`.
        data: what to train on; its `kind` says what that is, and which settings it has.
        model: the model's config as a plain mapping, with what only the data can tell left open: the characters of a
            text, a sound's labels (a list of their names, or "auto" for all) and sample rate, a label's classes.
    """

    description: str = ""
    init: str | None = None
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
        DataError: the file is no plain YAML.
    """
    values = _whole(recipe)
    for key, value in (changes or {}).items():
        _change(values, key, value)
    if (init := values.get("init")) is not None:
        values = values if "network" in section(values, "model") else started_from(values, str(init))
        read_config(str(init))
    elif "data" not in values and "model" in values:
        raise UsageError("this recipe goes on with a trained model: name its folder with --init")
    made = parse(Recipe, values)
    complete(made.model, TASKS[made.data.kind].expected(made.data), silent)  # what can be seen before data is read
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


def started_from(values: Mapping[str, Any], init: str) -> dict[str, Any]:
    """The content of a classifier's recipe, with network, alphabet and data of the kind that the model in `init` has.

    Sound is read at the model's sample rate, unless the recipe gives another.

    Raises:
        UsageError: that is no model of sound or text that generates.
        DataError: that is no checkpoint.
    """
    found = read_config(init)
    with torch.device("meta"):  # its shapes alone
        require(build(found), "generate", f"{init} is")
    real = ALPHABETS[found.alphabet.kind].real
    if real not in LABELLED:
        raise UsageError(f"{init} is a model of {real}; such a recipe starts from one of {' or '.join(LABELLED)}")
    parts = {"network": to_dict(found.network), "alphabet": to_dict(found.alphabet)}
    rate = {"sample_rate": found.sample_rate} if real == "sound" else {}
    data = {"kind": LABELLED[real], **rate, **section(values, "data")}
    return {**values, "data": data, "model": {**section(values, "model"), **parts}}


def _whole(recipe: str | Path | Mapping[str, Any], below: tuple[str, ...] = ()) -> dict[str, Any]:
    """A recipe's content, with what it does not give taken from the one that it extends; `below` extend this one."""
    values: dict[str, Any] = copy.deepcopy(dict(recipe)) if isinstance(recipe, Mapping) else _read(recipe)
    if "extends" not in values:
        return values
    base = values.pop("extends")
    if not isinstance(base, str):
        raise UsageError(f"extends is {base!r}; it must be the name of a recipe or a YAML file")
    if not isinstance(recipe, Mapping) and (beside := Path(recipe).parent / base).is_file():
        base = str(beside)
    if base in below:
        raise UsageError(f"recipes extend one another in a circle: {' extends '.join([*below, base])}")
    return _merged(_whole(base, (*below, base)), values)


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the changes; sections are merged key by key, unless their kinds differ."""
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
        raise UsageError(f"unknown recipe '{recipe}'{nearest(str(recipe), recipe_names())}")
    if not path.is_file():
        raise UsageError(f"there is no recipe file {path}")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    return from_yaml(text, path)


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
