"""Encoded text in files: written once, mapped the next time, and removed when it was not wanted for long.

T symbols.
"""

import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np

from undertow.files import atomic_write

SUFFIX = ".symbols"
MOST_BYTES = 1 << 33  # of all files together
RECENT_SECONDS = 86_400  # since its last use, for which a file stays whatever it takes


def mapped(path: Path, kind: np.dtype, documents: Iterable[Iterable[np.ndarray]]) -> list[np.ndarray]:
    """The symbols (T,) of each document, mapped from one file, which is written where it is not there yet.

    Whenever a file is written, others in its folder that were not used for a day are removed, the oldest first, until
    all take 8 GiB at most.

    Args:
        path: ends in .symbols; the lengths of the documents are kept beside it.
        documents: blocks of symbols of each; they are only asked for where the file is not there.

    Raises:
        DataError: the file cannot be written.
    """
    lengths = _lengths(path, kind)
    if lengths is None:
        lengths = _write(path, documents)
        _tidy(path.parent)
    with suppress(OSError):  # a cache that may only be read
        os.utime(path)
    symbols = np.memmap(path, kind, "r")
    return np.split(symbols, np.cumsum(lengths)[:-1])


def _write(path: Path, documents: Iterable[Iterable[np.ndarray]]) -> list[int]:
    """Write the file, and beside it the documents' lengths, which are returned."""
    lengths = []
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        for blocks in documents:
            lengths.append(0)
            for symbols in blocks:
                file.write(symbols.tobytes())
                lengths[-1] += len(symbols)
    with atomic_write(path.with_suffix(".json")) as temporary:
        temporary.write_text(json.dumps(lengths))
    return lengths


def _lengths(path: Path, kind: np.dtype) -> list[int] | None:
    """The documents' lengths in symbols, if the file of symbols is there and whole."""
    try:
        lengths: list[int] = json.loads(path.with_suffix(".json").read_text())
        return lengths if path.stat().st_size == sum(lengths) * kind.itemsize else None
    except (OSError, ValueError):
        return None


def _tidy(folder: Path) -> None:
    """Remove files that were not used for a day, the oldest first, until all take `MOST_BYTES` at most.

    One that another process maps stays readable there until that process ends.
    """
    found = []
    for path in folder.glob("*" + SUFFIX):
        with suppress(OSError):  # another process removes it
            told = path.stat()
            found.append((told.st_mtime, told.st_size, path))
    total = sum(size for _, size, _ in found)
    for used, size, path in sorted(found):
        if total <= MOST_BYTES or time.time() - used < RECENT_SECONDS:
            return
        with suppress(OSError):
            path.with_suffix(".json").unlink(missing_ok=True)
            path.unlink(missing_ok=True)
        total -= size
