"""A tensor in a file of `torch.save`, read without torch: sizes are compared with the file before memory is taken.

Such a file is a zip archive of a pickle, `data.pkl`, which names the storage, its type, the shape and the strides, and
of the storage's bytes. Of the pickle, nothing is called but what gathers these numbers.
"""

import pickle
from collections import OrderedDict
from collections.abc import Callable
from io import BufferedReader, BytesIO
from math import prod
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZipFile

import numpy as np

from undertow.door import memory, opened
from undertow.errors import DataError, shown
from undertow.numpy_files import BAD_ARCHIVES, MOST_UNPACKED, check_directory

MOST_PICKLED = 1 << 20  # bytes of data.pkl; that of one tensor has a few hundred
WIDEST = 8  # bytes of a number
BFLOAT16 = "bfloat16"
STORAGES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "BFloat16Storage": BFLOAT16,
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
}
BAD = (ValueError, TypeError, AttributeError, AssertionError, OverflowError, MemoryError, pickle.UnpicklingError)


class _Storage(NamedTuple):
    kind: str
    key: str


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_tensor(path: Path) -> np.ndarray:
    """The tensor of a file, of any shape.

    Raises:
        DataError: the file is missing or damaged, holds something other than one tensor of numbers, or its numbers take
            more than 1 GiB.
    """
    with opened(path, memory() // 4) as file:
        try:
            return _read(file)
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror or error}") from None
        except (*BAD, *BAD_ARCHIVES) as error:
            line = shown((str(error).splitlines() or [type(error).__name__])[0], 200)
            raise DataError(f"{path}: damaged, or not one tensor of numbers as torch.save writes it ({line})") from None


def _read(file: BufferedReader) -> np.ndarray:
    check_directory(file)
    with ZipFile(file) as archive:
        sizes = {one.filename.partition("/")[2]: one.file_size for one in archive.infolist()}
        names = {one.filename.partition("/")[2]: one.filename for one in archive.infolist()}
        if sum(sizes.values()) > MOST_UNPACKED:
            raise ValueError(f"it unpacks to {sum(sizes.values()):,} bytes; at most {MOST_UNPACKED:,} are read")
        if not 0 < sizes.get("data.pkl", 0) <= MOST_PICKLED:
            raise ValueError("it says nothing of a tensor")
        if "byteorder" in names and archive.read(names["byteorder"]) != b"little":
            raise ValueError("its numbers begin with the highest byte")
        found = _Unpickler(BytesIO(archive.read(names["data.pkl"]))).load()
        if not isinstance(found, _Tensor):
            raise ValueError(f"it holds {type(found).__name__}, not one tensor")
        _check(found)
        return _array(archive.read(names[f"data/{found.storage.key}"]), found)


def _check(told: _Tensor) -> None:
    """Refuse a tensor whose numbers are not numbers, or that takes too much memory once it is spread out."""
    assert isinstance(told.storage, _Storage) and isinstance(told.shape, tuple) and isinstance(told.strides, tuple)
    numbers = (told.offset, *told.shape, *told.strides)
    if any(type(one) is not int or one < 0 for one in numbers) or len(told.shape) != len(told.strides):
        raise ValueError("its shape and strides are no whole numbers")
    if prod(told.shape) * WIDEST > MOST_UNPACKED:
        raise ValueError(f"its shape {told.shape} is too large; at most {MOST_UNPACKED // WIDEST:,} numbers are read")


def _array(data: bytes, told: _Tensor) -> np.ndarray:
    """The tensor of a storage's bytes."""
    kind = told.storage.kind
    dtype = np.dtype("<u2" if kind == BFLOAT16 else kind)
    there = len(data) // dtype.itemsize
    last = told.offset + sum((length - 1) * stride for length, stride in zip(told.shape, told.strides, strict=True))
    if prod(told.shape) and last >= there:
        raise ValueError(f"its shape {told.shape} needs {last + 1:,} numbers, and {there:,} are there")
    if not prod(told.shape):
        return np.empty(told.shape, np.float32)
    storage = np.frombuffer(data, dtype, there)
    steps = [stride * dtype.itemsize for stride in told.strides]
    array = np.lib.stride_tricks.as_strided(storage[told.offset :], told.shape, steps, writeable=False)
    return (array.astype(np.uint32) << 16).view(np.float32) if kind == BFLOAT16 else array.copy()


class _Unpickler(pickle._Unpickler):  # of Python: that in C takes memory for whatever number a pickle names
    def find_class(self, module: str, name: str) -> Any:
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        if (module, name) in KNOWN:
            return KNOWN[module, name]
        raise ValueError(f"it names {shown(f'{module}.{name}')}")

    def persistent_load(self, pid: Any) -> _Storage:
        _, kind, key, *_ = pid
        if kind not in STORAGES.values() or type(key) is not str:
            raise ValueError("its storage has no known type")
        return _Storage(kind, key)


def _tensor(storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> _Tensor:
    return _Tensor(storage, offset, shape, strides)


def _parameter(tensor: _Tensor, *_: Any) -> _Tensor:
    return tensor


KNOWN: dict[tuple[str, str], Callable[..., Any]] = {
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("collections", "OrderedDict"): OrderedDict,
}
