"""A checkpoint: one folder that holds all of a model. Reading it executes nothing.

    config.yaml          format_version, undertow_version and the model's config: alphabet, rate, features, network …
    model.safetensors    its weights by name
    card.md              where it comes from: for programs as YAML between --- lines, then for people
    model.engine         the native engine's file, if the model is exported to it

A run folder can be given in place of a checkpoint, and `best` and `last` in it (`undertow.run_steps`); so can a folder
of a published model (`undertow.hub`).
"""

import re
import warnings
import zlib
from collections.abc import Mapping
from pathlib import Path
from platform import python_version
from typing import Any

import torch
from safetensors.torch import save as to_bytes
from torch import Tensor

from undertow import hub, models, run_steps
from undertow.arguments import checked
from undertow.config import config, parse, to_dict
from undertow.device import pick_device
from undertow.errors import DataError, UsageError
from undertow.files import atomic_folder
from undertow.models import Model, ModelConfig, ShortReceptiveFieldWarning, require
from undertow.models.model import Ability
from undertow.plain_yaml import from_yaml, to_yaml
from undertow.version import version
from undertow.weights import check_weights, read_weights, refuse_pickle

FORMAT_VERSION = 1
AnyModel = Model | str | Path  # a model, or the folder of a checkpoint or of a run
CONFIG, WEIGHTS, CARD, ENGINE = "config.yaml", "model.safetensors", "card.md", "model.engine"
MOST_SHOWN = 1000  # characters of a value in the card; a tokenizer has millions
FRONT_MATTER = re.compile(r"---\n(.*?\n)---\n", re.DOTALL)


@config
class EngineFile:
    """Checksums of an exported model's `model.engine`, and of the weights that it was made from."""

    crc32: int
    weights_crc32: int


@config
class ConfigFile:
    """The contents of `config.yaml`."""

    format_version: int
    undertow_version: str
    model: ModelConfig
    engine: EngineFile | None = None


def save(folder: str | Path, model: Model, card: Mapping[str, Any]) -> None:
    """Write a checkpoint as a new folder, whole or not at all; see `write`.

    Raises:
        DataError: the folder exists and is not empty, it cannot be written, or a weight is NaN or infinite.
    """
    with atomic_folder(folder) as temporary:
        write(temporary, model, card)


def write(folder: Path, model: Model, card: Mapping[str, Any], weights: Mapping[str, Tensor] | None = None) -> None:
    """Write a checkpoint's files into a folder that exists.

    Args:
        card: plain data about the model: data set, splits, scores, training; or a result of `read_card`. Versions are
            added.
        weights: by name, whole and on any device; by default the model's own.

    Raises:
        DataError: a weight is NaN or infinite, or the weights do not fit the model.
    """
    weights = model.state_dict() if weights is None else weights
    weights = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in weights.items()}
    check_weights(weights, model.state_dict(), folder / WEIGHTS, CONFIG)
    content = {"format_version": FORMAT_VERSION, "undertow_version": version(), "model": to_dict(model.config)}
    data = to_bytes(weights, metadata={"format": "pt"})
    if model.engine_file is not None:
        content["engine"] = {"crc32": zlib.crc32(model.engine_file), "weights_crc32": zlib.crc32(data)}
        (folder / ENGINE).write_bytes(model.engine_file)
    (folder / CONFIG).write_text(to_yaml(content), encoding="utf-8")
    (folder / WEIGHTS).write_bytes(data)
    (folder / CARD).write_text(_card_text(model, card), encoding="utf-8")


@checked
def load(path: str | Path, device: str | torch.device = "cpu") -> Model:
    """The model of a checkpoint folder, or of a run folder's best (else last) checkpoint, ready for use (`eval`).

    A folder of a published model (`undertow.hub`) works too. Weights of another floating type are converted to
    float32. The global random state does not change.

    Raises:
        DataError: it is not a checkpoint, is damaged, has another format version, or its files do not fit together.
        UsageError: the device is unknown or missing; or it is a published model, and `tokenizers` is not installed.
    """
    device = pick_device(device) if isinstance(device, str) else device
    folder = resolve(path)
    if not (folder / CONFIG).is_file():
        return hub.load(folder).to(device).eval()
    content = _read_config_file(folder)
    model_config, engine_file = content.model, _read_engine(folder, content.engine)
    weights = read_weights(folder / WEIGHTS)
    with torch.device("meta"):  # shapes only: a config that does not fit the weights costs no memory
        expected = _build(model_config, folder).state_dict()
    check_weights(weights, expected, folder / WEIGHTS, CONFIG)
    with torch.random.fork_rng(devices=[]):
        model = _build(model_config, folder)
    model.load_state_dict(weights)
    model.engine_file = engine_file
    return model.to(device).eval()


def model_given(model: AnyModel, *abilities: Ability) -> Any:
    """The model that a user gives: itself; or that of a folder, loaded on the CPU.

    Args:
        abilities: verbs; the model must support one of them.

    Raises:
        UsageError: it supports none of them.
        DataError: see `load`.
    """
    found, name = (load(model), f"{model} is") if isinstance(model, str | Path) else (model, "this model is")
    return require(found, abilities[0], name) if abilities and not found.abilities & {*abilities} else found


def resolve(path: str | Path) -> Path:
    """The checkpoint folder that `path` names: itself, or a run's best checkpoint, else its last.

    In a run's folder, `best` and `last` are those checkpoints whether they are links, copies or missing. The folder of
    a published model counts as a checkpoint.

    Raises:
        DataError: there is no checkpoint.
    """
    path = Path(path)
    if (path.name in run_steps.NAMES or not (path / CONFIG).exists()) and (found := run_steps.named(path)):
        if not found.is_dir():
            raise DataError(
                f"{found} does not exist, the best checkpoint of this run; give {found.parents[1] / 'last'}"
            )
        path = found
    elif not (path / CONFIG).exists():  # a run of which only the links were copied, as folders
        path = next((path / name for name in run_steps.NAMES if (path / name / CONFIG).is_file()), path)
    if (path / CONFIG).is_file() or hub.is_published(path):
        return path
    refuse_pickle(path)
    if path.is_dir():
        raise DataError(f"{path} is not a checkpoint: it has neither {CONFIG} nor {run_steps.FOLDER}/, as a run has")
    what = "is a file" if path.exists() else "does not exist"
    raise DataError(f"{path} {what}; give the folder of a checkpoint or of a training run")


def read_config(path: str | Path) -> Any:
    """The model's config, as its class's `Config`.

    Raises:
        DataError: `config.yaml` cannot be read, is of another format version, or describes an unknown model.
    """
    folder = resolve(path)
    return _read_config_file(folder).model if (folder / CONFIG).is_file() else hub.read_config(folder)


def read_card(path: str | Path) -> dict[str, Any]:
    """The data on top of `card.md`.

    Raises:
        DataError: there is no card, or no data on top of it.
    """
    file = resolve(path) / CARD
    if not file.exists() and hub.is_published(file.parent):
        return hub.describe(file.parent)
    match = FRONT_MATTER.match(_read_text(file))
    if match is None:
        raise DataError(f"{file}: it does not begin with YAML between two lines of ---")
    return from_yaml("\n" + match[1], file)  # so that line numbers in messages are right


def _read_config_file(folder: Path) -> ConfigFile:
    file = folder / CONFIG
    values = from_yaml(_read_text(file), file)
    found = values.get("format_version")
    if type(found) is not int or found != FORMAT_VERSION:
        raise DataError(f"{file}: format_version is {found}; undertow {version()} reads {FORMAT_VERSION}")
    try:
        return parse(ConfigFile, values)
    except UsageError as error:
        raise DataError(f"{file}: {error}") from None


def _build(model_config: Any, folder: Path) -> Model:
    """The model, without the warnings of its first construction."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShortReceptiveFieldWarning)
        try:
            return models.build(model_config)
        except (UsageError, RuntimeError, TypeError) as error:  # the last two: a size beyond what torch can count
            raise DataError(f"{folder / CONFIG}: {str(error).splitlines()[0]}") from error


def _read_engine(folder: Path, entry: EngineFile | None) -> bytes | None:
    """The native engine's file of an exported model, if its checksum is right."""
    file = folder / ENGINE
    if entry is None:
        if file.exists():
            raise DataError(f"{file} is not part of the model that {CONFIG} describes")
        return None
    for part, checksum in ((WEIGHTS, entry.weights_crc32), (ENGINE, entry.crc32)):
        file = folder / part
        if not file.is_file():
            raise DataError(f"{file} is missing, and {CONFIG} requires it")
        try:
            content = file.read_bytes()
        except OSError as error:
            raise DataError(f"cannot read {file}: {error.strerror or error}") from None
        if zlib.crc32(content) != checksum:
            raise DataError(f"{file} is damaged or another model's: its checksum is not the one in {CONFIG}")
    return content


def _card_text(model: Model, card: Mapping[str, Any]) -> str:
    """Front matter for programs, then the same for people."""
    versions = {"undertow": version(), "python": python_version(), "torch": str(torch.__version__)}
    card = {key: value for key, value in card.items() if key not in ("library_name", "tags", "versions")}
    data = to_dict({"library_name": "undertow", "tags": [model.config.kind], **card, "versions": versions})
    sizes = {"parameters": model.num_parameters}
    if model.num_frozen_parameters:
        sizes["frozen_parameters"] = model.num_frozen_parameters
    sections = {"Model": sizes | to_dict(model.config), **{_title(key): data[key] for key in [*card, "versions"]}}
    text = "".join(f"\n## {title}\n\n{_bullets(value)}" for title, value in sections.items())
    usage = '\n## Use\n\n```python\nimport undertow\n\nmodel = undertow.load("this folder")\n```\n'
    return f"---\n{to_yaml(data)}---\n\n# {_title(model.config.kind)} model\n{text}{usage}"


def _bullets(value: Any, indent: str = "") -> str:
    """Nested bullets of plain data, one fact a line."""
    if not isinstance(value, Mapping):
        words = " ".join((", ".join(map(str, value)) if isinstance(value, list) else str(value)).split())
        return f"{indent}- {words if len(words) <= MOST_SHOWN else words[:MOST_SHOWN] + ' …'}\n"
    text = ""
    for key, inner in value.items():
        if isinstance(inner, Mapping) and inner:
            text += f"{indent}- {key}:\n{_bullets(inner, indent + '  ')}"
        else:
            text += _bullets(inner, indent).replace("- ", f"- {key}: ", 1)
    return text


def _title(key: str) -> str:
    return key.replace("_", " ").capitalize()


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{file} is not UTF-8 text: {error.reason} at byte {error.start + 1}") from None
