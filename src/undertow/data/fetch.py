"""Download a named set: resume, check, unpack only into its folder, and move into place."""

import http
import http.client
import lzma
import os
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
import zlib
from pathlib import Path

from undertow.callbacks import OnDownload
from undertow.data.catalogue import cache_folder, file_set, locate, named_set
from undertow.data.named_set import Download, FileSet, NamedSet, checksum
from undertow.errors import DataError
from undertow.files import atomic_write, sync_folder

CHUNK = 1 << 20
TIMEOUT_SECONDS = 60


def fetch(name: str, into: Path | None = None, progress: OnDownload | None = None) -> Path:
    """Make sure that a named set is complete on this machine, and return its folder.

    Nothing is downloaded if UNDERTOW_DATA or the cache has it already.

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


def download(url: str, path: Path, progress: OnDownload | None = None) -> None:
    """Download to `path`, continuing an earlier, broken attempt.

    Raises:
        DataError: the server cannot be reached, refuses, or stops early; the part received is kept.
    """
    offset = path.stat().st_size if path.exists() else 0
    headers = {"User-Agent": "undertow"} | ({"Range": f"bytes={offset}-"} if offset else {})
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT_SECONDS) as response:
            offset = offset if response.status == http.HTTPStatus.PARTIAL_CONTENT else 0
            length = response.headers.get("Content-Length")
            total = None if length is None else offset + int(length)
            received = _receive(response, path, offset, total, progress)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and offset:
            return  # the file is complete; the checksum decides whether it is right
        raise DataError(f"cannot download {url}: the server answered {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise DataError(f"cannot download {url}: {reason}") from None
    if total is not None and received < total:
        raise DataError(f"{url} stopped at {received} of {total} bytes; fetch again to continue")


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a tar (gz, bz2, xz) or zip archive, refusing any member that would land outside `folder`.

    Raises:
        DataError: it is not such an archive, is damaged, or holds an unsafe member.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as file:
                for name in file.namelist():
                    if not (folder / name).resolve().is_relative_to(folder.resolve()):
                        raise DataError(f"{archive} holds '{name}', which is outside its folder")
                file.extractall(folder)
        else:
            with tarfile.open(archive) as file:
                file.extractall(folder, filter="data")
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, OSError) as error:
        raise DataError(f"{archive} cannot be unpacked: {error}") from None


def _receive(
    response: http.client.HTTPResponse, path: Path, offset: int, total: int | None, progress: OnDownload | None
) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab" if offset else "wb") as file:
        while chunk := response.read(CHUNK):
            file.write(chunk)
            offset += len(chunk)
            if progress is not None:
                progress(path.name, offset, total)
    return offset


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
    with whole.open("rb") as opened, atomic_write(folder / file) as temporary:
        temporary.write_bytes(opened.read(entry.first_bytes))
    entry.check(name, folder)
