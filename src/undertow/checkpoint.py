"""A checkpoint: one folder that holds all of a model. Reading it executes nothing.

    config.yaml          format_version, undertow_version and the model's config: alphabet, rate, features, network …
    model.safetensors    its weights by name
    card.md              where it comes from: for programs as YAML between --- lines, then for people
    model.engine         the native engine's file, if the model is exported to it
    digests.json         the SHA-256 of each file (of the card: of its YAML), which reading compares

A run folder can be given in place of a checkpoint, and `best` and `last` in it (`undertow.run_steps`); so can a folder
of a published model (`undertow.hub`).
"""

import os
import warnings
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as to_bytes
from torch import Tensor

from undertow import digests, hub, models, run_steps
from undertow.arguments import checked
from undertow.card import FRONT_MATTER, card_text, front_matter
from undertow.config import config, parse, to_dict
from undertow.device import pick_device
from undertow.door import MOST_CARD, MOST_CONFIG, read_bytes, read_text
from undertow.errors import DataError, UsageError, shown
from undertow.files import atomic_folder
from undertow.models import Model, ModelConfig, ShortReceptiveFieldWarning, require
from undertow.models.model import Ability
from undertow.native import Source, read_header, source_of, with_source
from undertow.networks.imported import CodeNotAllowed, code_allowed
from undertow.plain_yaml import from_yaml, to_yaml
from undertow.version import version
from undertow.weights import check_weights, read_weights, refuse_pickle

FORMAT_VERSION = 1
AnyModel = Model | str | Path  # a model, or the folder of a checkpoint or of a run
CONFIG, WEIGHTS, CARD, ENGINE = "config.yaml", "model.safetensors", "card.md", "model.engine"
TRAINING = ("training.safetensors", "training.json")  # only for a run that is resumed
FILES = (CONFIG, WEIGHTS, CARD, ENGINE, *TRAINING)
MOST_TABLES = 1 << 24  # bytes of an engine file besides its weights


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


def write(
    folder: Path,
    model: Model,
    card: Mapping[str, Any],
    weights: Mapping[str, Tensor] | None = None,
    training: Mapping[str, bytes] | None = None,
) -> None:
    """Write a checkpoint's files, and their digests, into a folder that exists.

    Args:
        card: plain data about the model: data set, splits, scores, training; or a result of `read_card`. Versions are
            added.
        weights: by name, whole and on any device; by default the model's own.
        training: the content of the files of `TRAINING`, by name.

    Raises:
        DataError: a weight is NaN or infinite, the weights do not fit the model, or its engine file is of others.
    """
    weights = model.state_dict() if weights is None else weights
    weights = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in weights.items()}
    check_weights(weights, model.state_dict(), folder / WEIGHTS, CONFIG)
    content = {"format_version": FORMAT_VERSION, "undertow_version": version(), "model": to_dict(model.config)}
    files = {WEIGHTS: to_bytes(weights, metadata={"format": "pt"}), CARD: card_text(model, card).encode()}
    if model.engine_file is not None:
        files[ENGINE] = _engine_of(model.engine_file, source_of(content["model"], weights), folder / ENGINE)
        content["engine"] = {"crc32": zlib.crc32(files[ENGINE]), "weights_crc32": zlib.crc32(files[WEIGHTS])}
    files |= {CONFIG: to_yaml(content).encode(), **(training or {})}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    digests.write(folder, files | {CARD: front_matter(files[CARD])})


@checked
def load(path: str | Path, device: str | torch.device = "cpu", *, allow_code: bool = False) -> Model:
    """The model of a checkpoint folder, or of a run folder's best (else last) checkpoint, ready for use (`eval`).

    A folder of a published model (`undertow.hub`) works too. Weights of another floating type are converted to
    float32. The global random state does not change. If the folder has digests, the files are compared with them.

    Args:
        allow_code: import and call the code that a model names as its front end, if it does. Only for models from
            people you trust; without it nothing is imported, and such a model is refused.

    Raises:
        DataError: it is not a checkpoint, is damaged or was changed, has another format version, or its files do not
            fit together.
        UsageError: the device is unknown or missing; the model names code, and `allow_code` is off; or it is a
            published model, and `tokenizers` is not installed.
    """
    device = pick_device(device) if isinstance(device, str) else device
    folder = resolve(path)
    if not (folder / CONFIG).is_file():
        return hub.load(folder).to(device).eval()
    check(folder, (CONFIG, WEIGHTS, ENGINE))
    with code_allowed(allow_code):
        return _load(folder, device)


def _load(folder: Path, device: str | torch.device) -> Model:
    """The model of a checkpoint whose files are the ones that were written."""
    values, content = _read_config_file(folder)
    model_config, weights = content.model, read_weights(folder / WEIGHTS)
    engine_file = _read_engine(folder, content.engine)
    with torch.device("meta"):  # shapes only: a config that does not fit the weights costs no memory
        expected = _build(model_config, folder).state_dict()
    check_weights(weights, expected, folder / WEIGHTS, CONFIG)
    with torch.random.fork_rng(devices=[]):
        model = _build(model_config, folder)
    model.load_state_dict(weights)
    if engine_file is not None:
        _check_source(folder / ENGINE, read_header(engine_file).source, source_of(values["model"], model.state_dict()))
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


def num_digests(path: str | Path) -> int:
    """The number of a checkpoint's files that have a digest.

    Raises:
        DataError: the file of digests is damaged.
    """
    return len(digests.read(resolve(path), FILES))


def check(path: str | Path, names: Collection[str] = FILES) -> int:
    """Compare a checkpoint's files with their digests.

    Args:
        names: those to compare; by default all, also the ones that only training reads.

    Returns the number of files that have a digest.

    Raises:
        DataError: a file is missing, damaged, or was changed; the message names it.
    """
    folder = resolve(path)
    listed = digests.read(folder, FILES)
    for name in (one for one in names if one in listed):
        file = folder / name
        if name == CARD:
            digests.check_content(file, front_matter(read_bytes(file, MOST_CARD)), listed[name])
        elif name not in TRAINING or file.exists():  # who publishes a model leaves these out
            digests.check(file, listed[name])
    return len(listed)


def read_config(path: str | Path) -> Any:
    """The model's config, as its class's `Config`.

    Raises:
        DataError: `config.yaml` cannot be read, was changed, is of another format version, or describes an unknown
            model.
    """
    folder = resolve(path)
    if not (folder / CONFIG).is_file():
        return hub.read_config(folder)
    check(folder, (CONFIG,))
    return _read_config_file(folder)[1].model


def read_card(path: str | Path) -> dict[str, Any]:
    """The data on top of `card.md`.

    Raises:
        DataError: there is no card, no data on top of it, or the data was changed.
    """
    file = resolve(path) / CARD
    if not file.exists() and hub.is_published(file.parent):
        return hub.describe(file.parent)
    check(file.parent, (CARD,))
    match = FRONT_MATTER.match(read_text(file, MOST_CARD).replace("\r\n", "\n"))
    if match is None:
        raise DataError(f"{file}: it does not begin with YAML between two lines of ---")
    return from_yaml("\n" + match[1], file)  # so that line numbers in messages are right


def _read_config_file(folder: Path) -> tuple[dict[str, Any], ConfigFile]:
    """The values of `config.yaml`, as they are written and as a config."""
    file = folder / CONFIG
    values = from_yaml(read_text(file, MOST_CONFIG), file)
    found = values.get("format_version")
    if type(found) is not int or found != FORMAT_VERSION:
        raise DataError(f"{file}: format_version is {shown(found)}; undertow {version()} reads {FORMAT_VERSION}")
    try:
        return values, parse(ConfigFile, values)
    except UsageError as error:
        raise DataError(f"{file}: {error}") from None


def _build(model_config: Any, folder: Path) -> Model:
    """The model, without the warnings of its first construction."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShortReceptiveFieldWarning)
        try:
            return models.build(model_config)
        except CodeNotAllowed:
            raise
        except (UsageError, RuntimeError, TypeError) as error:  # the last two: a size beyond what torch can count
            raise DataError(f"{folder / CONFIG}: {str(error).splitlines()[0]}") from error


def _read_engine(folder: Path, entry: EngineFile | None) -> bytes | None:
    """The native engine's file of an exported model, if it is whole."""
    file = folder / ENGINE
    if entry is None:
        if file.exists():
            raise DataError(f"{file} is not part of the model that {CONFIG} describes")
        return None
    most_bytes = (
        4 * (folder / WEIGHTS).stat().st_size + MOST_TABLES
    )  # half becomes float32, and tables lie in each part
    for part, checksum in ((folder / WEIGHTS, entry.weights_crc32), (file, entry.crc32)):
        if not os.path.lexists(part):
            raise DataError(f"{part} is missing, and {CONFIG} requires it")
        content = read_bytes(part, most_bytes)
        if zlib.crc32(content) != checksum:
            raise DataError(f"{part} is damaged or another model's: its checksum is not the one in {CONFIG}")
    read_header(content, file)
    return content


def _check_source(file: Path, found: Source, own: Source) -> None:
    """Refuse an engine file that was made of another model."""
    for part, name, one, other in zip(Source._fields, (CONFIG, WEIGHTS), found, own, strict=True):
        if one != other:
            raise DataError(f"{file} is another model's: it was not made of the {part} in {name}")


def _engine_of(engine_file: bytes, source: Source, file: Path) -> bytes:
    """An engine file for these weights, and for the config as this version writes it."""
    found = read_header(engine_file).source
    _check_source(file, found, source._replace(config=found.config))
    return with_source(engine_file, source)
