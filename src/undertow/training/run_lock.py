"""One writer for a run: a lock on its folder, which ends with the process that holds it, even one that was killed."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from undertow.door import read_json
from undertow.errors import DataError, shown
from undertow.files import check_name, lock_file

LOCK = "run.lock"
MOST_BYTES = 4096
_HELD: ContextVar[frozenset[Path]] = ContextVar("held", default=frozenset())


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold the folder of a run, which is made if missing; inside this block, holding it again does nothing.

    The lock is `flock` on the file `run.lock`, which names the holder. A file system without locks is not locked. If
    nothing else was written, folders that were made are removed again.

    Raises:
        DataError: another process, or another thread, holds it; or the folder cannot be written.
    """
    check_name(out)
    path = out.resolve() / LOCK
    if path in _HELD.get():
        yield
        return
    made = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
    descriptor = _take(path, out)
    token = _HELD.set(_HELD.get() | {path})
    try:
        yield
    finally:
        _HELD.reset(token)
        with suppress(OSError):
            path.unlink()
            for folder in made:
                folder.rmdir()  # fails unless it is empty
        os.close(descriptor)


def _take(path: Path, out: Path) -> int:
    """The descriptor of the locked file, which holds this process's name."""

    def refuse() -> None:
        raise DataError(f"{out} is in use: {_holder(path)} trains in it; wait for it, or give another --out")

    try:
        descriptor = lock_file(path, refuse)
    except OSError as error:
        raise DataError(f"cannot write {out / LOCK}: {error.strerror or error}") from None
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps({"process": os.getpid(), "host": socket.gethostname()}).encode())
    return descriptor


def _holder(path: Path) -> str:
    try:
        found = read_json(path, MOST_BYTES)
        return f"process {shown(found['process'])} on {shown(found['host'])}"
    except (DataError, KeyError, TypeError, IndexError):
        return "another process"
