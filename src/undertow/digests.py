"""Digests of a folder's files, in one file beside them: nothing in them changes, or is damaged, without being found.

    digests.json     {"config.yaml": {"bytes": 812, "sha256": "5c1f…"}, "model.safetensors": …}

A folder without it is read all the same: it was made by hand, or by another version.
"""

import hashlib
import json
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from undertow.door import MOST_CARD, opened, read_json
from undertow.errors import DataError, shown

FILE = "digests.json"
SHA256 = re.compile(r"[0-9a-f]{64}")


class Digest(NamedTuple):
    """The length of some content, and its SHA-256 in hexadecimal."""

    num_bytes: int
    sha256: str


def digest_of(content: bytes) -> Digest:
    """The digest of some content."""
    return Digest(len(content), hashlib.sha256(content).hexdigest())


def write(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write the digests of a folder's files, given by name."""
    found = {name: digest_of(content) for name, content in contents.items()}
    entries = {name: {"bytes": one.num_bytes, "sha256": one.sha256} for name, one in found.items()}
    (folder / FILE).write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")


def read(folder: Path, known: Collection[str]) -> dict[str, Digest]:
    """The digests of a folder's files by name; empty if it has none.

    Args:
        known: names that may have one.

    Raises:
        DataError: the file of digests is damaged, or names a file that is not known.
    """
    file = folder / FILE
    if not os.path.lexists(file):
        return {}
    entries = read_json(file, MOST_CARD)
    if not isinstance(entries, dict):
        raise DataError(f"{file} is damaged: it holds {type(entries).__name__}, not a digest of each file")
    return {name: _entry(file, name, entry, known) for name, entry in entries.items()}


def check(file: Path, expected: Digest) -> None:
    """Check a whole file; one of another length is refused before it is read.

    Raises:
        DataError: it is missing, or is not what the digest was made of.
    """
    if not os.path.lexists(file):
        raise DataError(f"{file} is missing, and {FILE} lists it")
    with opened(file) as content:
        size = os.fstat(content.fileno()).st_size
        if size != expected.num_bytes:
            _refuse(file, f"length, {size:,} bytes,")
        try:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        except OSError as error:
            raise DataError(f"cannot read {file}: {error.strerror or error}") from None
    if found != expected.sha256:
        _refuse(file, "SHA-256")


def check_content(file: Path, content: bytes, expected: Digest) -> None:
    """Check some content of a file.

    Raises:
        DataError: it is not what the digest was made of.
    """
    if digest_of(content) != expected:
        _refuse(file, "SHA-256")


def _refuse(file: Path, what: str) -> None:
    raise DataError(
        f"{file} is damaged, or was changed after it was saved: its {what} is not the one in {FILE}; if you changed it "
        f"on purpose, delete {FILE}"
    )


def _entry(file: Path, name: str, entry: Any, known: Collection[str]) -> Digest:
    match entry:
        case {"bytes": int(size), "sha256": str(digest), **rest} if not rest and name in known:
            if type(size) is int and size >= 0 and SHA256.fullmatch(digest):
                return Digest(size, digest)
    raise DataError(f"{file} is damaged: '{shown(name)}' is not a file of a checkpoint with its bytes and sha256")
