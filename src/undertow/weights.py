"""Weights by name, from safetensors and nothing else: a pickle can run any code when it is read."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from undertow.errors import DataError

PICKLED = {".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth"}


def read_weights(file: Path) -> dict[str, Tensor]:
    """Every tensor in a safetensors file, on the CPU.

    Raises:
        DataError: it is missing, where there may be a pickle in its place; it cannot be read; or it is damaged.
    """
    if not file.is_file():
        refuse_pickle(file.parent)
        raise DataError(f"{file} is missing")
    try:
        return load_file(file)
    except OSError as error:
        raise DataError(f"cannot read {file}: {error}") from None
    except (SafetensorError, ValueError, KeyError) as error:
        raise DataError(f"{file} is cut short, damaged, or no safetensors file: {error}") from None


def refuse_pickle(path: Path) -> None:
    """Say why, if `path` is a pickle or has one in it, it is not read."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    pickle = next((file for file in files if file.suffix.lower() in PICKLED and file.is_file()), None)
    if pickle is not None:
        raise DataError(
            f"{pickle} is a pickle, which can run any code when it is read, so undertow never reads one: "
            "give a folder with config.yaml (or a published model's config.json) and model.safetensors"
        )


def check_weights(weights: Mapping[str, Tensor], expected: Mapping[str, Tensor], file: Path, config: str) -> None:
    """That weights are what the file called `config` calls for: all of it, nothing else, and numbers.

    Args:
        expected: tensors of the right shapes and types, or on the meta device.

    Raises:
        DataError: a tensor, which is named, is missing, too many, of another shape or type, or NaN or infinite.
    """
    if missing := expected.keys() - weights.keys():
        raise DataError(f"{file}: tensor '{min(missing)}' is missing, which {config} calls for")
    if extra := weights.keys() - expected.keys():
        raise DataError(f"{file}: tensor '{min(extra)}' is no part of the model that {config} describes")
    for name, tensor in weights.items():
        wanted = expected[name]
        if tensor.shape != wanted.shape:
            shapes = f"{tuple(tensor.shape)}, but {config} calls for {tuple(wanted.shape)}"
            raise DataError(f"{file}: tensor '{name}' has shape {shapes}")
        if tensor.dtype != wanted.dtype and not (tensor.is_floating_point() and wanted.is_floating_point()):
            types = f"{tensor.dtype}, but the model's is {wanted.dtype}".replace("torch.", "")
            raise DataError(f"{file}: tensor '{name}' has type {types}")
        if not torch.isfinite(tensor.to(wanted.dtype)).all():
            raise DataError(f"{file}: tensor '{name}' holds NaN or infinite values")
