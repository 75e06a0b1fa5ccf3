"""Unpack an archive into its folder, and nowhere else."""

import lzma
import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import TypeVar

from undertow.door import MOST_RATIO, opened
from undertow.errors import DataError, counted, shown
from undertow.numpy_files import check_directory

ALWAYS_UNPACKED = 1 << 30  # bytes, whatever the ratio
MOST_MEMBERS = 10_000_000
MOST_ARCHIVE = 1 << 37  # bytes; the largest named set has a tenth
DAMAGES = (
    *(tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, OSError),
    *(RuntimeError, NotImplementedError, ValueError, LookupError),  # encrypted, packed in an unknown way, a bad header
)
Member = TypeVar("Member", tarfile.TarInfo, zipfile.ZipInfo)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a tar (gz, bz2, xz) or zip archive, refusing any member that would land outside `folder`.

    Raises:
        DataError: it is not such an archive, is damaged or encrypted, holds an unsafe member, or unpacks to more than
            a hundred times its size (and 1 GiB) or than there is room for.
    """
    with opened(archive, MOST_ARCHIVE) as file:
        try:
            if zipfile.is_zipfile(file):
                _unzip(file, folder)
            else:
                file.seek(0)
                with tarfile.open(fileobj=file) as held:
                    held.extractall(folder, _bounded(held, file, folder), filter="data")
        except DAMAGES as error:
            why = (str(error).splitlines() or [type(error).__name__])[0].rstrip(":")
            raise DataError(f"{archive} cannot be unpacked: {shown(why, 200)}") from None


def read_members(archive: Path, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """The contents of the files of a tar archive whose names are wanted, without unpacking it.

    Raises:
        DataError: it is not such an archive, is damaged, has no such file, or they have more than 1 GiB.
    """
    found: dict[str, bytes] = {}
    with opened(archive, MOST_ARCHIVE) as file:
        try:
            with tarfile.open(fileobj=file) as held:
                for one in held:
                    if one.isfile() and wanted(one.name):
                        if one.size + sum(map(len, found.values())) > ALWAYS_UNPACKED:
                            raise ValueError(f"it unpacks to more than {counted(ALWAYS_UNPACKED, 'byte')}")
                        member = held.extractfile(one)
                        assert member is not None
                        found[one.name] = member.read()
        except DAMAGES as error:
            why = (str(error).splitlines() or [type(error).__name__])[0].rstrip(":")
            raise DataError(f"{archive} cannot be unpacked: {shown(why, 200)}") from None
    if not found:
        raise DataError(f"{archive} does not hold the files that it should")
    return found


def _unzip(file: BufferedReader, folder: Path) -> None:
    check_directory(file)
    with zipfile.ZipFile(file) as held:
        for one in _bounded(held.infolist(), file, folder):
            if not (folder / one.filename).resolve().is_relative_to(folder.resolve()):
                raise ValueError(f"it holds '{shown(one.filename)}', which is outside its folder")
        held.extractall(folder)


def _bounded(members: Iterable[Member], file: BufferedReader, folder: Path) -> Iterator[Member]:
    """The members, as long as there is room for them."""
    packed = os.fstat(file.fileno()).st_size
    most = min(max(ALWAYS_UNPACKED, MOST_RATIO * packed), shutil.disk_usage(folder).free)
    total = 0
    for number, one in enumerate(members):
        total += one.size if isinstance(one, tarfile.TarInfo) else one.file_size
        if total > most or number >= MOST_MEMBERS:
            raise ValueError(f"it unpacks to more than {counted(most, 'byte')} or {MOST_MEMBERS:,} files")
        yield one
