"""Downloading a named set: resumed where it stopped, checked, unpacked without leaving its folder, moved into place."""

import hashlib
import http
import http.client
import lzma
import os
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from undertow.data.catalogue import Archive, cache_folder, locate, named_set, open_set
from undertow.errors import DataError
from undertow.files import sync_folder

CHUNK = 1 << 20
TIMEOUT_SECONDS = 60
Progress = Callable[[str, int, int | None], None]  # name of the file, bytes so far, bytes in all where known


def fetch(name: str, into: Path | None = None, progress: Progress | None = None) -> Path:
    """Make sure a named set is on this machine, whole, and return its folder.

    Where UNDERTOW_DATA or the cache has it already, nothing is downloaded.

    Args:
        into: the folder that shall hold `name`/; None: the cache.

    Raises:
        UsageError: there is no set of that name.
        DataError: it cannot be downloaded, or what came is not what was published.
    """
    entry = named_set(name)
    target = locate(name) if into is None else into / name
    if target is not None and target.is_dir():
        open_set(name, target)
        return target
    home = into or cache_folder()
    parts = [home / f"{name}-{index}.part" for index in range(len(entry.archives))]
    for archive, part in zip(entry.archives, parts, strict=True):
        download(archive.url, part, progress)
        _check(archive, part)
    try:
        _move_in(name, parts, home)
    except DataError:
        for archive, part in zip(entry.archives, parts, strict=True):
            if archive.checksum is None:  # nothing says that it is right: begin afresh the next time
                part.unlink()
        raise
    for part in parts:
        part.unlink()
    return home / name


def download(url: str, path: Path, progress: Progress | None = None) -> None:
    """Download to `path`, going on from what an earlier, broken attempt left there.

    Raises:
        DataError: the server cannot be reached, refuses, or stops early; what came is kept for the next attempt.
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
            return  # there is no more to come; the checksum decides whether it is right
        raise DataError(f"cannot download {url}: the server says {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise DataError(f"cannot download {url}: {reason}") from None
    if total is not None and received < total:
        raise DataError(f"{url} stopped at {received} of {total} bytes; fetch again to go on from there")


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a tar (gz, bz2, xz) or zip archive, refusing any member that would land outside `folder`.

    Raises:
        DataError: it is no such archive, is damaged, or holds an unsafe member.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as file:
                for name in file.namelist():
                    if not (folder / name).resolve().is_relative_to(folder.resolve()):
                        raise DataError(f"{archive} holds '{name}', which lies outside its folder")
                file.extractall(folder)
        else:
            with tarfile.open(archive) as file:
                file.extractall(folder, filter="data")
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, OSError) as error:
        raise DataError(f"{archive} cannot be unpacked: {error}") from None


def _receive(
    response: http.client.HTTPResponse, path: Path, offset: int, total: int | None, progress: Progress | None
) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab" if offset else "wb") as file:
        while chunk := response.read(CHUNK):
            file.write(chunk)
            offset += len(chunk)
            if progress is not None:
                progress(path.name, offset, total)
    return offset


def _check(archive: Archive, part: Path) -> None:
    """Compare a download with its checksum; a wrong one is removed, so that the next attempt begins afresh."""
    if archive.checksum is None:
        return
    algorithm, right = archive.checksum.split(":")
    with part.open("rb") as file:
        found = hashlib.file_digest(file, algorithm).hexdigest()
    if found != right:
        part.unlink()
        raise DataError(f"{archive.url} is not what was published: its {algorithm} is {found}, not {right}")


def _move_in(name: str, parts: list[Path], home: Path) -> None:
    """Unpack the downloads beside the set's place, check that it is the set, and move it there in one step."""
    with tempfile.TemporaryDirectory(dir=home, prefix=f".{name}-") as scratch:
        folder = Path(scratch) / name
        folder.mkdir()
        for part in parts:
            unpack(part, folder)
        root, _ = open_set(name, folder)
        os.replace(root, home / name)
        sync_folder(home)
