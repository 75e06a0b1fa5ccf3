"""A cache of encoded text in files: written once, memory-mapped the next time, removed when long unused.

T symbols.
"""

import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np

from undertow.door import opened, read_json
from undertow.files import atomic_write

SUFFIX = ".symbols"
MOST_BYTES = 1 << 33  # of all files together
RECENT_SECONDS = 86_400  # a file used within this time stays, whatever its size


def mapped(path: Path, kind: np.dtype, documents: Iterable[Iterable[np.ndarray]]) -> list[np.ndarray]:
    """The symbols (T,) of each document, mapped from one file, which is written if it is missing.

    Whenever a file is written, others in its folder that were not used for a day are removed, oldest first, until
    all take at most 8 GiB.

    Args:
        path: ends in .symbols; the lengths of the documents are kept beside it.
        documents: blocks of symbols of each; they are only read if the file is missing.

    Raises:
        DataError: the file cannot be written.
    """
    lengths = _lengths(path, kind)
    if lengths is None:
        lengths = _write(path, documents)
        _tidy(path.parent)
    with suppress(OSError):  # a read-only cache
        os.utime(path)
    with opened(path) as file:
        symbols = np.memmap(file, kind, "r")
    return np.split(symbols, np.cumsum(lengths)[:-1])


def _write(path: Path, documents: Iterable[Iterable[np.ndarray]]) -> list[int]:
    """Write the file, and beside it the documents' lengths; return the lengths."""
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
    """The documents' lengths in symbols, if the file of symbols is complete."""
    try:
        lengths: list[int] = read_json(path.with_suffix(".json"))
        return lengths if path.stat().st_size == sum(lengths) * kind.itemsize else None
    except (OSError, ValueError, TypeError):
        return None


def _tidy(folder: Path) -> None:
    """Remove files that were not used for a day, the oldest first, until all take at most `MOST_BYTES`.

    One that another process maps stays readable there until that process ends.
    """
    found = []
    for path in folder.glob("*" + SUFFIX):
        with suppress(OSError):  # another process has removed it
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
