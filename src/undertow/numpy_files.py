"""Arrays in numpy's files, .npy and .npz: a header is compared with the file before anything is allocated.

Nothing is unpickled.
"""

import os
import struct
import zlib
from io import BufferedIOBase
from math import prod
from pathlib import Path
from tokenize import TokenError
from zipfile import BadZipFile, ZipFile

import numpy as np

from undertow.door import CHUNK, memory, opened
from undertow.errors import DataError, shown

ONLY = ""  # the name of the array of an .npy file
MOST_UNPACKED = 1 << 30  # bytes of all arrays of an .npz file; an hour of frames of 256 channels has a third
MOST_DIRECTORY = 1 << 24  # bytes of an archive's list of members: about 200,000 of them
ZIP_START, ZIP_END, ZIP_END_BYTES, LONGEST_COMMENT = b"PK", b"PK\x05\x06", 22, 0xFFFF
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
BAD_HEADERS = (ValueError, OverflowError, SyntaxError, TokenError, RecursionError, MemoryError, TypeError)
BAD_ARCHIVES = (EOFError, BadZipFile, LookupError, RuntimeError, NotImplementedError, struct.error, zlib.error)


def read_arrays(path: str | Path, most_bytes: int | None = None) -> dict[str, np.ndarray]:
    """The arrays of an .npz file by name, or the one of an .npy file under the name `ONLY`.

    Args:
        most_bytes: of the file; None: a quarter of this machine's memory.

    Raises:
        DataError: it is missing, larger, damaged or truncated, or holds something other than numbers; its arrays
            unpack to more than 1 GiB.
    """
    with opened(path, memory() // 4 if most_bytes is None else most_bytes) as file:
        try:
            is_archive = file.read(2) == ZIP_START
            file.seek(0)
            if is_archive:
                return _members(file)
            return {ONLY: _read(file, os.fstat(file.fileno()).st_size)}
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror or error}") from None
        except (ValueError, *BAD_ARCHIVES) as error:
            raise DataError(
                f"{path}: damaged, or not arrays of numbers as numpy.save writes them ({_first_line(error)})"
            ) from None


def check_directory(file: BufferedIOBase) -> None:
    """Refuse a zip archive whose list of members is longer than any that is met: Python reads it whole.

    Raises:
        ValueError: the list has more than 16 MiB.
    """
    size = os.fstat(file.fileno()).st_size
    file.seek(max(0, size - ZIP_END_BYTES - LONGEST_COMMENT))
    last = file.read(ZIP_END_BYTES + LONGEST_COMMENT)
    found = last.rfind(ZIP_END)
    if 0 <= found <= len(last) - ZIP_END_BYTES:
        (listed,) = struct.unpack_from("<I", last, found + 12)
        if listed > MOST_DIRECTORY and size > MOST_DIRECTORY:
            raise ValueError(f"its list of members has {listed:,} bytes; at most {MOST_DIRECTORY:,} are read")
    file.seek(0)


def _members(file: BufferedIOBase) -> dict[str, np.ndarray]:
    check_directory(file)
    with ZipFile(file) as archive:
        sizes = [one.file_size for one in archive.infolist()]
        if not sizes:
            raise ValueError("it holds no arrays")
        if sum(sizes) > MOST_UNPACKED:
            raise ValueError(f"it unpacks to {sum(sizes):,} bytes; at most {MOST_UNPACKED:,} are read")
        arrays = {}
        for one in archive.infolist():
            with archive.open(one) as member:
                assert isinstance(member, BufferedIOBase)
                arrays[one.filename.removesuffix(".npy")] = _read(member, one.file_size)
        return arrays


def _read(file: BufferedIOBase, size: int) -> np.ndarray:
    """The array of a file of that many bytes."""
    shape, in_columns, dtype = _header(file)
    if dtype.hasobject or not dtype.itemsize:
        raise ValueError(f"it holds {shown(dtype)}, not numbers")
    if any(length < 0 for length in shape):
        raise ValueError(f"its shape is {shape}")
    there, needed = size - file.tell(), prod(shape) * dtype.itemsize
    if needed > there:
        raise ValueError(f"its shape {shape} needs {needed:,} bytes, and {there:,} are there")
    array = np.empty(prod(shape), dtype)
    room, filled = array.view(np.uint8), 0
    while filled < needed and (count := file.readinto(room[filled : filled + CHUNK].data)):
        filled += count
    if filled < needed:
        raise ValueError("it is truncated")
    return array.reshape(shape, order="F" if in_columns else "C")


def _header(file: BufferedIOBase) -> tuple[tuple[int, ...], bool, np.dtype]:
    """The shape, whether columns come first, and the type."""
    try:
        version = np.lib.format.read_magic(file)
        if version in HEADERS:
            return HEADERS[version](file)
    except BAD_HEADERS as error:
        raise ValueError(f"its header cannot be read: {_first_line(error)}") from None
    raise ValueError(f"its format is {version[0]}.{version[1]}, not 1.0 or 2.0")


def _first_line(error: BaseException) -> str:
    return shown((str(error).splitlines() or [type(error).__name__])[0], 200)
