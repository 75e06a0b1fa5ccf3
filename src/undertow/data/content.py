"""A digest of files, by which data is known wherever it lies: of their names in a folder, their sizes and their bytes.

Up to `MOST_READ` bytes in all are read. Of more, each file has an equal share, in blocks spread over it, so that any
amount takes a second; a change of a large file's size is always noticed, one between its blocks is not.
"""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from undertow.door import opened
from undertow.errors import DataError
from undertow.run_steps import is_run

MOST_READ = 1 << 28
LEAST_SHARE = 1 << 12  # bytes of a file, however many there are
NUM_BLOCKS = 16


def digest(places: Iterable[Path]) -> str:
    """The digest of files, and of the files in folders: hidden ones, and runs among them, are left out.

    The name of a folder, or of a file that is given by itself, does not matter.
    """
    found = [item for place in places for item in _files(place)]
    share = max(LEAST_SHARE, MOST_READ // max(1, len(found)))
    whole = sum(size for _, _, size in found) <= MOST_READ
    total = hashlib.sha256()
    for name, path, size in found:
        total.update(f"{len(os.fsencode(name))} {size} ".encode() + os.fsencode(name))
        for block in _blocks(path, size, size if whole else share):
            total.update(block)
    return f"sha256:{total.hexdigest()[:32]}"


def _files(place: Path) -> Iterator[tuple[str, Path, int]]:
    """Each regular file: its name in the folder, "" for a file by itself; its path; its size."""
    if not place.is_dir():
        names = [""]
    else:
        names = []
        for folder, inner, files in os.walk(place):
            inner[:] = [one for one in inner if one[0] != "." and not is_run(os.path.join(folder, one))]
            names += [os.path.relpath(os.path.join(folder, file), place) for file in files if file[0] != "."]
    for name in sorted(names, key=os.fsencode):
        try:
            path = place / name if name else place
            found = os.stat(path)
        except OSError:
            continue
        if stat.S_ISREG(found.st_mode):
            yield name, path, found.st_size


def _blocks(path: Path, size: int, most: int) -> Iterator[bytes]:
    """The whole file, or `most` bytes of it in blocks from its beginning to its end."""
    try:
        with opened(path) as file:
            if size <= most:
                yield from iter(lambda: file.read(1 << 20), b"")
                return
            length = most // NUM_BLOCKS
            for number in range(NUM_BLOCKS):
                file.seek((size - length) * number // (NUM_BLOCKS - 1))
                yield file.read(length)
    except (DataError, OSError):
        yield b"unreadable"
