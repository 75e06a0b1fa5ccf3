"""Read weights by name, only from safetensors: reading a pickle can run any code."""

import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from undertow.door import by_name, memory
from undertow.errors import DataError

PICKLED = {".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth"}


def read_weights(file: Path) -> dict[str, Tensor]:
    """Every tensor in a safetensors file, on the CPU.

    Raises:
        DataError: it is missing (or a pickle is there instead), cannot be read, or is damaged.
    """
    if not os.path.lexists(file):
        refuse_pickle(file.parent)
        raise DataError(f"{file} is missing")
    try:
        with by_name(file, memory()) as name:
            return load_file(name)
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"cannot read {file}: {error}") from None
    except (SafetensorError, ValueError, KeyError) as error:
        raise DataError(f"{file} is truncated, damaged, or not a safetensors file: {error}") from None


def refuse_pickle(path: Path) -> None:
    """Refuse `path` if it is a pickle or a folder with one."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    pickle = next((file for file in files if file.suffix.lower() in PICKLED and file.is_file()), None)
    if pickle is not None:
        raise DataError(
            f"{pickle} is a pickle; undertow never reads one, since that can run any code: "
            "give a folder with config.yaml (or a published model's config.json) and model.safetensors"
        )


def check_weights(weights: Mapping[str, Tensor], expected: Mapping[str, Tensor], file: Path, config: str) -> None:
    """Check that weights fit the file called `config`: no tensor missing or extra, all of them finite.

    Args:
        expected: tensors of the right shapes and types; they may be on the meta device.

    Raises:
        DataError: a tensor is missing, extra, of another shape or type, or not finite; the message names it.
    """
    if missing := expected.keys() - weights.keys():
        raise DataError(f"{file}: tensor '{min(missing)}' is missing, and {config} requires it")
    if extra := weights.keys() - expected.keys():
        raise DataError(f"{file}: tensor '{min(extra)}' is not part of the model that {config} describes")
    for name, tensor in weights.items():
        wanted = expected[name]
        if tensor.shape != wanted.shape:
            shapes = f"{tuple(tensor.shape)}, but {config} requires {tuple(wanted.shape)}"
            raise DataError(f"{file}: tensor '{name}' has shape {shapes}")
        if tensor.dtype != wanted.dtype and not (tensor.is_floating_point() and wanted.is_floating_point()):
            types = f"{tensor.dtype}, but the model's is {wanted.dtype}".replace("torch.", "")
            raise DataError(f"{file}: tensor '{name}' has type {types}")
        if not torch.isfinite(tensor.to(wanted.dtype)).all():
            raise DataError(f"{file}: tensor '{name}' holds NaN or infinite values")
