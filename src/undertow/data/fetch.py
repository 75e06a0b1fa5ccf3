"""Download a named set: resume, check, unpack only into its folder, and move into place."""

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from undertow.callbacks import OnDownload
from undertow.data.catalogue import cache_folder, file_set, locate, named_set
from undertow.data.download import download
from undertow.data.named_set import Download, FileSet, NamedSet, checksum
from undertow.data.unpack import unpack
from undertow.door import opened
from undertow.errors import DataError
from undertow.files import atomic_write, lock_file, sync_folder


def fetch(name: str, into: Path | None = None, progress: OnDownload | None = None) -> Path:
    """Make sure that a named set is complete on this machine, and return its folder.

    Nothing is downloaded if UNDERTOW_DATA or the cache has it already. Where another process downloads it into the same
    folder, this one waits, with a warning, and then finds it there.

    Args:
        into: the folder to make `name`/ in; None: the cache.

    Raises:
        UsageError: there is no set of that name.
        DataError: it cannot be downloaded, or the download is not the published set.
    """
    entry = named_set(name)
    home = into or cache_folder()
    target = locate(name) if into is None else home / (entry.folder or name)
    if target is not None and entry.is_in(target):
        entry.check(name, target)
        return target
    if isinstance(entry, FileSet) and entry.part_of is not None:
        whole = fetch(entry.part_of, into, progress)
        _cut(name, entry, whole / next(iter(file_set(entry.part_of, entry.kind).files)), home / name)
        return home / name
    if not entry.downloads:
        raise _not_published(name, entry)
    with _alone(home, name):
        target = locate(name) if into is None else target
        if target is not None and entry.is_in(target):  # meanwhile another process made it
            entry.check(name, target)
            return target
        return _downloaded(name, entry, home, progress)


def _not_published(name: str, entry: NamedSet) -> DataError:
    lies = entry.folder or name
    return DataError(f"{name} cannot be downloaded ({entry.made}); set UNDERTOW_DATA to the folder that holds {lies}/")


def _downloaded(name: str, entry: NamedSet, home: Path, progress: OnDownload | None) -> Path:
    """The folder of a set, after downloading it."""
    parts = [home / f"{name}-{index}.part" for index in range(len(entry.downloads))]
    for one, part in zip(entry.downloads, parts, strict=True):
        download(one.url, part, progress)
        _check(one, part)
    try:
        target = _move_in(name, entry, parts, home)
    except DataError:
        for one, part in zip(entry.downloads, parts, strict=True):
            if one.checksum is None:  # nothing can verify it: start over next time
                part.unlink()
        raise
    for part in parts:
        part.unlink()
    return target


@contextmanager
def _alone(home: Path, name: str) -> Iterator[None]:
    """Wait until no other process downloads the set into this folder; then hold it. File systems without locks do not.

    Raises:
        DataError: the folder cannot be written.
    """
    path = home / f".{name}.lock"

    def say() -> None:
        warnings.warn(f"another process is downloading {name}; waiting until it has ended", stacklevel=2)

    try:
        descriptor = lock_file(path, say)
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror or error}") from None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _check(one: Download, part: Path) -> None:
    """Compare a download with its checksum; a wrong one is removed, so that the next attempt starts over."""
    if one.checksum is None:
        return
    found = checksum(part, one.checksum)
    if found != one.checksum:
        part.unlink()
        algorithm, right = one.checksum.split(":")
        raise DataError(f"{one.url} is not the published file: its {algorithm} is {found.split(':')[1]}, not {right}")


def _move_in(name: str, entry: NamedSet, parts: list[Path], home: Path) -> Path:
    """Lay out the downloads beside the set's place, check them, and move them there.

    A set with a folder of its own moves in one step; files that share a folder with other sets move one by one.
    """
    with tempfile.TemporaryDirectory(dir=home, prefix=f".{name}-") as scratch:
        folder, target = Path(scratch) / name, home / (entry.folder or name)
        folder.mkdir()
        for one, part in zip(entry.downloads, parts, strict=True):
            if one.stored_as is None:
                unpack(part, folder)
            else:
                shutil.copyfile(part, folder / one.stored_as)
        root = entry.check(name, folder)
        if isinstance(entry, FileSet):
            target.mkdir(exist_ok=True)
            for file in entry.files:
                os.replace(root / file, target / file)
            sync_folder(target)
        else:
            os.replace(root, target)
        sync_folder(home)
    return target


def _cut(name: str, entry: FileSet, whole: Path, folder: Path) -> None:
    """Make a set's only file from the beginning of another set's file."""
    (file,) = entry.files
    with opened(whole) as published, atomic_write(folder / file) as temporary:
        temporary.write_bytes(published.read(entry.first_bytes))
    entry.check(name, folder)
