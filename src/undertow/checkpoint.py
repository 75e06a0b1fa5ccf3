"""A checkpoint: one folder that says all about a model, and that nothing is executed to read.

    config.yaml          format_version, undertow_version and the model's config: alphabet, rate, features, network …
    model.safetensors    its weights by name
    card.md              where it comes from, for people; for programs too, as YAML between the --- lines on top

A run folder, with its links `best` and `last` to checkpoint folders, can be given in place of a checkpoint.
"""

import os
import re
import warnings
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Any

import torch
import yaml
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes
from torch import Tensor

from undertow import models
from undertow.config import config, nearest, parse, to_dict
from undertow.errors import DataError, UsageError
from undertow.files import atomic_folder
from undertow.models import Model, ModelConfig, ShortReceptiveFieldWarning

FORMAT_VERSION = 1
CONFIG, WEIGHTS, CARD = "config.yaml", "model.safetensors", "card.md"
LINKS = ("best", "last")  # in a run folder
PICKLED = {".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth"}
FRONT_MATTER = re.compile(r"---\n(.*?\n)---\n", re.DOTALL)


@config
class ConfigFile:
    """What `config.yaml` holds."""

    format_version: int
    undertow_version: str
    model: ModelConfig


def save(folder: str | Path, model: Model, card: Mapping[str, Any]) -> None:
    """Write a checkpoint as a new folder, whole or not at all; see `write`.

    Raises:
        DataError: the folder exists and is not empty, it cannot be written, or a weight is NaN or infinite.
    """
    with atomic_folder(folder) as temporary:
        write(temporary, model, card)


def write(folder: Path, model: Model, card: Mapping[str, Any], weights: Mapping[str, Tensor] | None = None) -> None:
    """Write a checkpoint's three files into a folder that exists.

    Args:
        card: plain data about the model: data set, splits, scores, training. Versions are added.
        weights: by name, whole and on any device; by default the model's own.

    Raises:
        DataError: a weight is NaN or infinite, or the weights are not the model's.
    """
    weights = model.state_dict() if weights is None else weights
    weights = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in weights.items()}
    _check(weights, model, folder / WEIGHTS)
    content = to_dict(ConfigFile(format_version=FORMAT_VERSION, undertow_version=_version(), model=model.config))
    (folder / CONFIG).write_text(_to_yaml(content), encoding="utf-8")
    (folder / WEIGHTS).write_bytes(to_bytes(weights, metadata={"format": "pt"}))
    (folder / CARD).write_text(_card_text(model, card), encoding="utf-8")


def load(path: str | Path, device: str | torch.device = "cpu") -> Model:
    """The model of a checkpoint folder, or of a run folder's best (else last) checkpoint, ready for use (`eval`).

    Weights of another floating type are converted to float32. The global random state is left alone.

    Raises:
        DataError: it is no checkpoint, is damaged or of another format version, or its files do not fit each other.
    """
    folder = resolve(path)
    model_config = read_config(folder)
    weights = _read_weights(folder)
    with torch.device("meta"):  # shapes only: a config that does not fit the weights costs no memory
        _check(weights, _build(model_config, folder), folder / WEIGHTS)
    with torch.random.fork_rng(devices=[]):
        model = _build(model_config, folder)
    model.load_state_dict(weights)
    return model.to(device).eval()


def resolve(path: str | Path) -> Path:
    """The checkpoint folder that `path` names: itself, or what `best` else `last` in it points to.

    Raises:
        DataError: there is no checkpoint.
    """
    path = Path(path)
    if path.is_dir() and not (path / CONFIG).exists():
        link = next((path / name for name in LINKS if os.path.lexists(path / name)), None)
        path = path if link is None else link.resolve()
    if (path / CONFIG).is_file():
        return path
    pickled = _pickled(path)
    if pickled is not None:
        raise DataError(
            f"{pickled} is a pickle, which can run any code when it is read, so undertow never reads one: "
            f"give a checkpoint folder with {CONFIG} and {WEIGHTS}"
        )
    if not path.is_dir():
        what = "is a file" if path.exists() else "is not there"
        raise DataError(f"{path} {what}; give a checkpoint folder, or a run folder with {' or '.join(LINKS)} in it")
    raise DataError(f"{path} is no checkpoint: it has no {CONFIG}, and no {' or '.join(LINKS)} checkpoint in it")


def read_config(path: str | Path) -> Any:
    """The model's config, as its class's `Config`.

    Raises:
        DataError: `config.yaml` cannot be read, is of another format version, or describes no model there is.
    """
    file = resolve(path) / CONFIG
    values = _from_yaml(_read_text(file), file)
    found = values.get("format_version")
    if type(found) is not int or found != FORMAT_VERSION:
        raise DataError(f"{file}: format_version is {found}; undertow {_version()} reads {FORMAT_VERSION}")
    try:
        return parse(ConfigFile, values).model
    except UsageError as error:
        raise DataError(f"{file}: {error}") from None


def read_card(path: str | Path) -> dict[str, Any]:
    """The data on top of `card.md`.

    Raises:
        DataError: there is no card, or no data on top of it.
    """
    file = resolve(path) / CARD
    match = FRONT_MATTER.match(_read_text(file))
    if match is None:
        raise DataError(f"{file}: it does not begin with YAML between two lines of ---")
    return _from_yaml(match[1], file)


def _build(model_config: Any, folder: Path) -> Model:
    """The model, without the warning that was given when it was first made."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShortReceptiveFieldWarning)
        try:
            return models.build(model_config)
        except UsageError as error:
            raise DataError(f"{folder / CONFIG}: {error}") from None


def _read_weights(folder: Path) -> dict[str, Tensor]:
    """Every tensor in the file, on the CPU."""
    file = folder / WEIGHTS
    pickled = _pickled(folder)
    if not file.exists() and pickled is not None:
        raise DataError(
            f"{file} is missing; {pickled.name} beside it is a pickle, which can run any code when it is read, "
            "so undertow never reads one"
        )
    try:
        return load_file(file)
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror or error}") from None
    except (SafetensorError, ValueError, KeyError) as error:
        raise DataError(f"{file} is damaged or not a safetensors file: {error}") from None


def _pickled(path: Path) -> Path | None:
    """The pickle that `path` is, or the first one in it."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return next((file for file in files if file.suffix in PICKLED and file.is_file()), None)


def _check(weights: Mapping[str, Tensor], model: Model, file: Path) -> None:
    """That the weights are all the model's, and numbers."""
    expected = model.state_dict()
    missing, extra = [[*(a.keys() - b.keys())] for a, b in ((expected, weights), (weights, expected))]
    if missing:
        raise DataError(f"{file}: tensor '{min(missing)}'{_more(missing)} is missing, which {CONFIG} calls for")
    if extra:
        name = min(extra)
        raise DataError(f"{file}: tensor '{name}'{_more(extra)} is no part of the model{nearest(name, expected)}")
    for name, tensor in weights.items():
        wanted = expected[name]
        if tensor.shape != wanted.shape:
            shapes = f"{tuple(tensor.shape)}, but {CONFIG} calls for {tuple(wanted.shape)}"
            raise DataError(f"{file}: tensor '{name}' has shape {shapes}")
        if tensor.dtype != wanted.dtype and not (tensor.is_floating_point() and wanted.is_floating_point()):
            types = f"{tensor.dtype}, but the model's is {wanted.dtype}".replace("torch.", "")
            raise DataError(f"{file}: tensor '{name}' has type {types}")
        if not torch.isfinite(tensor.to(wanted.dtype)).all():
            raise DataError(f"{file}: tensor '{name}' holds NaN or infinite values")


def _more(names: list[str]) -> str:
    return f" (and {len(names) - 1} more)" if len(names) > 1 else ""


def _card_text(model: Model, card: Mapping[str, Any]) -> str:
    """Front matter for programs, then the same for people."""
    versions = {"undertow": _version(), "python": python_version(), "torch": str(torch.__version__)}
    data = to_dict({"library_name": "undertow", "tags": [model.config.kind], **card, "versions": versions})
    sizes = {"parameters": sum(parameter.numel() for parameter in model.parameters())}
    sections = {"Model": sizes | to_dict(model.config), **{_title(key): data[key] for key in [*card, "versions"]}}
    text = "".join(f"\n## {title}\n\n{_bullets(value)}" for title, value in sections.items())
    usage = '\n## Use\n\n```python\nimport undertow\n\nmodel = undertow.load("this folder")\n```\n'
    return f"---\n{_to_yaml(data)}---\n\n# {_title(model.config.kind)} model\n{text}{usage}"


def _bullets(value: Any, indent: str = "") -> str:
    """Nested bullets of plain data, one fact a line."""
    if not isinstance(value, Mapping):
        words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        return f"{indent}- {' '.join(words.split())}\n"
    text = ""
    for key, inner in value.items():
        if isinstance(inner, Mapping) and inner:
            text += f"{indent}- {key}:\n{_bullets(inner, indent + '  ')}"
        else:
            text += _bullets(inner, indent).replace("- ", f"- {key}: ", 1)
    return text


def _title(key: str) -> str:
    return key.replace("_", " ").capitalize()


def _to_yaml(values: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True)


def _from_yaml(text: str, file: Path) -> dict[str, Any]:
    """A mapping from text that a stranger may have written: plain values alone, no Python objects."""
    try:
        values = yaml.safe_load(text)
    except (yaml.YAMLError, LookupError, ValueError, RecursionError) as error:
        raise DataError(f"{file} is no plain YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise DataError(f"{file} holds {type(values).__name__}, not keys and values")
    return values


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{file} is not UTF-8 text: {error.reason} at byte {error.start}") from None


def _version() -> str:
    try:
        return version("undertow")
    except PackageNotFoundError:  # run from a checkout that was not installed
        return "unknown"
