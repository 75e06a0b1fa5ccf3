"""Atomic writing: to a temporary path beside, synced to the disk, then renamed."""

import fcntl
import itertools
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from undertow.errors import DataError

WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
LEFTOVER = re.compile(r"\..+\.[0-9a-f]{8}\.partial(\..+)?")


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """A temporary path beside `path`, with the same suffix; when the block ends it is synced and becomes `path`.

    A missing folder is made. If the block raises, the temporary file is removed and `path` is unchanged. A file that is
    replaced keeps its permissions.

    Raises:
        DataError: the file could not be written (disk full, no permission, a folder in the way), or is read-only.
    """
    path = Path(path)
    check_writable(path)
    with _beside(path) as temporary:
        yield temporary
        sync_file(temporary)
        if path.is_file():
            shutil.copymode(path, temporary)
        os.replace(temporary, path)
        sync_folder(path.parent)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """A temporary folder beside `path`; when the block ends, its files and itself are synced and it becomes `path`.

    Raises:
        DataError: something other than an empty folder is at `path`, or the folder could not be written.
    """
    path = Path(path)
    if os.path.lexists(path) and (path.is_symlink() or not path.is_dir() or any(path.iterdir())):
        raise DataError(f"{path} already exists; give a new folder")
    with _beside(path) as temporary:
        temporary.mkdir()
        yield temporary
        for file in sorted(temporary.iterdir()):
            sync_file(file)
        sync_folder(temporary)
        os.replace(temporary, path)
        sync_folder(path.parent)


def point(link: str | Path, target: str | Path) -> None:
    """Make `link` a symbolic link to `target` (relative to the link's folder) in one atomic step.

    Raises:
        DataError: the link could not be written, or something other than a link is there.
    """
    link = Path(link)
    if os.path.lexists(link) and not link.is_symlink():
        raise DataError(f"cannot write {link}: something other than a link is there")
    with _beside(link) as temporary:
        temporary.symlink_to(target)
        os.replace(temporary, link)
        sync_folder(link.parent)


def lock_file(path: Path, is_busy: Callable[[], None]) -> int:
    """Lock a file, which is made with its folder if missing and never followed, and return its descriptor.

    The lock is `flock`: it ends with the process. Who holds it removes the file, then closes the descriptor. A file
    system without locks is not locked.

    Args:
        is_busy: called if another process, or another thread, holds it; the call raises, or else this one waits.

    Raises:
        OSError: it cannot be opened.
    """
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
        try:
            _lock(descriptor, is_busy)
            with suppress(OSError):
                if os.path.samestat(os.fstat(descriptor), os.stat(path)):  # else its holder removed it meanwhile
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock(descriptor: int, is_busy: Callable[[], None]) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        is_busy()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:
        pass  # no locks here


def check_name(path: Path) -> None:
    """Refuse a name that no file can have.

    Raises:
        DataError: it has a null character.
    """
    if "\0" in str(path):
        raise DataError(f"{str(path)!r} cannot be the name of a file: it has a null character")


def check_writable(path: Path) -> None:
    """Refuse to replace a read-only file, which its folder would allow.

    Raises:
        DataError: it is read-only.
    """
    with suppress(OSError):  # it is not there
        if path.is_file() and not (path.stat().st_mode & WRITABLE and os.access(path, os.W_OK)):
            raise DataError(f"{path} is read-only; make it writable, or give another name")


def sync_file(path: Path) -> None:
    """Wait until the file's bytes are on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Wait until the folder's entries are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A fresh hidden name in `path`'s folder; whatever still has that name at the end is removed."""
    check_name(path)
    temporary = path.parent / f".{path.stem}.{secrets.token_hex(4)}.partial{path.suffix}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        remove(temporary)


def remove_leftovers(folder: Path) -> None:
    """Remove what a kill left half-written in a folder; the folder may be missing. Nothing may be writing there."""
    for name in os.listdir(folder) if folder.is_dir() else []:
        if LEFTOVER.fullmatch(name):
            remove(folder / name)


def set_aside(path: Path, name: str) -> Path:
    """Rename a file or folder to the first free one of `name`, `name-2`, `name-3` … beside it; returns the new path.

    Raises:
        DataError: it cannot be renamed.
    """
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    free = next(one for one in map(path.with_name, names) if not os.path.lexists(one))
    try:
        os.rename(path, free)
    except OSError as error:
        raise DataError(f"cannot rename {path}: {error.strerror or error}") from None
    return free


def remove(path: Path) -> None:
    """Remove a file, link or folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
