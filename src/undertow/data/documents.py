"""Documents: parts of text files, read block by block, and folders of them."""

import codecs
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from undertow.alphabets.text_alphabet import not_utf8
from undertow.data.walk import files_below
from undertow.door import opened
from undertow.errors import DataError

BLOCK = 1 << 18  # bytes to read at a time
LOOKED_AT = 8192  # first bytes of a file, which show whether it is binary
SEARCHED = 1 << 16  # last bytes of a block, to search for the end of a line
CARRIAGE_RETURN = 0x0D
UNREADABLE = "unreadable"
LONGEST = 4  # bytes of a character in UTF-8


@dataclass(frozen=True)
class Document:
    """Bytes `start` to `stop` of a file, and its name in messages."""

    name: str
    path: Path
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def __bytes__(self) -> bytes:
        return self.read(0, len(self))

    def read(self, start: int, stop: int) -> bytes:
        """Its bytes from `start` to `stop`.

        Raises:
            DataError: the file was shortened or removed meanwhile.
        """
        with opened(self.path) as file:
            file.seek(self.start + start)
            data = file.read(stop - start)
        if len(data) < stop - start:
            raise DataError(f"{self.path} was shortened while it was read")
        return data

    def blocks(self, num_bytes: int = BLOCK) -> Iterator[bytes]:
        """All bytes in order, in blocks of at most `num_bytes` (4 or more) that never end inside a character.

        A block ends after a letter or digit and before the end of its line, if there is such a place. The sub-words
        of the blocks are then those of the whole text: no rule of GPT-2 or later joins words across such a place.
        """
        position = 0
        while position < len(self):
            data = self.read(position, min(position + num_bytes, len(self)))
            if position + len(data) < len(self):
                data = data[: _end(data)]
            yield data
            position += len(data)

    def texts(self, num_bytes: int = BLOCK) -> Iterator[str]:
        """The text in order, in blocks.

        Raises:
            DataError: it is not UTF-8; the message gives the position in the file.
        """
        position = self.start
        for data in self.blocks(num_bytes):
            try:
                yield data.decode("utf-8")
            except UnicodeDecodeError as error:
                raise not_utf8(data[error.start], position + error.start, self.name) from None
            position += len(data)


def whole_file(path: Path, name: str) -> Document:
    """A file from beginning to end.

    Raises:
        DataError: it is empty.
    """
    size = path.stat().st_size
    if not size:
        raise DataError(f"{path}: the file is empty (0 bytes)")
    return Document(name, path, 0, size)


def list_documents(folder: Path) -> tuple[list[Document], dict[str, str]]:
    """Every text file of a folder, sorted by name, and why the others were left out.

    Hidden files are ignored, and runs.

    Raises:
        DataError: there is no text in the folder.
    """
    found: list[Document] = []
    skipped: dict[str, str] = {}
    below = files_below(folder)
    skipped.update((f"{name}/", UNREADABLE) for name in below.unreadable)
    for name in sorted(below.names, key=lambda name: name.split("/")):
        path = folder / name
        try:
            with opened(path) as file:
                beginning = file.read(LOOKED_AT) if os.fstat(file.fileno()).st_size else b""
        except (DataError, OSError):
            skipped[name] = UNREADABLE
            continue
        if not beginning:
            skipped[name] = "empty"
        elif b"\0" in beginning:
            skipped[name] = "binary, or text in UTF-16"
        else:
            found.append(whole_file(path, name))
    if not found and not skipped:
        raise DataError(f"{folder} holds no files")
    if not found:
        raise DataError(
            f"{folder} holds no text: its files are all empty, binary or unreadable ({len(skipped)} of them)"
        )
    return found, skipped


def cut(documents: Sequence[Document], shares: Mapping[str, int]) -> dict[str, list[Document]]:
    """Documents, end to end, cut into parts by shares of the bytes; a character at a cut goes to the earlier part.

    Empty parts are left out.
    """
    total, all_shares = sum(map(len, documents)), sum(shares.values())
    parts: dict[str, list[Document]] = {name: [] for name in shares}
    begun, passed = 0, 0
    for name, share in shares.items():
        passed += share
        end = _character_end(documents, total * passed // all_shares)
        parts[name] = _between(documents, begun, end)
        begun = end
    return {name: part for name, part in parts.items() if part}


def _between(documents: Sequence[Document], start: int, stop: int) -> list[Document]:
    """The documents between two positions of all documents end to end."""
    found, offset = [], 0
    for one in documents:
        first, last = max(start - offset, 0), min(stop - offset, len(one))
        if first < last:
            found.append(replace(one, start=one.start + first, stop=one.start + last))
        offset += len(one)
    return found


def _character_end(documents: Sequence[Document], position: int) -> int:
    """`position` in documents end to end, or the end of the character that it would cut."""
    after = b"".join(bytes(one) for one in _between(documents, position, position + LONGEST - 1))
    return position + next((k for k, byte in enumerate(after) if byte & 0xC0 != 0x80), len(after))


def _end(data: bytes) -> int:
    """Where to cut a block if more text follows: before a line's end, best after a letter or digit."""
    first = max(1, len(data) - SEARCHED)
    second_best = 0
    found = data.rfind(b"\n", first)
    while found > 0:
        end = found - (data[found - 1] == CARRIAGE_RETURN)
        before = data[max(0, end - LONGEST) : end].decode("utf-8", "ignore")[-1:]
        if before.isalnum():
            return end
        if not second_best and before and not before.isspace():
            second_best = end
        found = data.rfind(b"\n", first, found)
    return second_best or _last_character(data)


def _last_character(data: bytes) -> int:
    """The end of the last complete character."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(data[-LONGEST:])
    return len(data) - len(decoder.getstate()[0]) or len(data)
