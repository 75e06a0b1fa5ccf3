"""Read weights by name, only from safetensors: reading a pickle can run any code.

Files are read, not mapped: one that shrinks behind a map ends the process, and one that changes there changes what was
read.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from undertow.door import by_name, memory, opened
from undertow.errors import DataError, memory_fault

PICKLED = {".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth"}
MOST_HEADER = 1 << 23  # bytes; a model of 50,000 tensors has about as much, and a million tensors take ten seconds
SIZE_BYTES = 8  # the header's length, before it


def read_weights(file: Path) -> dict[str, Tensor]:
    """Every tensor in a safetensors file, on the CPU.

    Raises:
        DataError: it is missing (or a pickle is there instead), cannot be read, or is damaged.
    """
    if not os.path.lexists(file):
        refuse_pickle(file.parent)
        raise DataError(f"{file} is missing")
    try:
        with tensors_in(file, memory()) as tensors:
            return {name: tensors.get_tensor(name) for name in tensors.keys()}
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"cannot read {file}: {error}") from None
    except (SafetensorError, ValueError, KeyError) as error:
        raise DataError(f"{file} is truncated, damaged, or not a safetensors file: {error}") from None


@contextmanager
def tensors_in(path: str | Path, most_bytes: int) -> Iterator[Any]:
    """An open safetensors file, as `safe_open` gives it; what is taken from it is a copy of the file's bytes.

    Raises:
        DataError: it is missing, unreadable, larger, not a file, or has more than 8 MB of names and shapes.
        SafetensorError: it is not a safetensors file.
        ValueError: a tensor has a type that torch does not read.
    """
    with opened(path, most_bytes) as file:
        size = int.from_bytes(file.read(SIZE_BYTES), "little")
        if MOST_HEADER < size < os.fstat(file.fileno()).st_size:  # a larger one is no length
            raise DataError(f"{path} has {size:,} bytes of names and shapes; it may have at most {MOST_HEADER:,}")
    with by_name(path, most_bytes) as name, safe_open(name, framework="pt", backend="pread") as tensors:
        try:
            yield tensors
        except RuntimeError as error:  # types of half a byte cannot be read so
            if memory_fault(error) is not None:
                raise
            raise ValueError(f"a tensor cannot be read ({error})") from None


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
