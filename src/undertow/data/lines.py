"""Files of text that are read line by line, plain or compressed with gzip."""

import gzip
import zlib
from pathlib import Path

from undertow.errors import DataError

COMPRESSED = ".gz"


def read_lines(path: Path) -> list[str]:
    """The lines of a file in UTF-8, without what surrounds them; only a line feed ends one.

    Raises:
        DataError: it cannot be read, is damaged, or is not UTF-8: the line and the byte are named.
    """
    try:
        data = path.read_bytes()
        if path.suffix == COMPRESSED:
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot read {path}: {error}") from None
    try:
        lines = data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        position = error.start - data.rfind(b"\n", 0, error.start) - 1
        raise DataError(
            f"{path}, line {line}: byte 0x{data[error.start]:02x} at position {position} is not UTF-8; save it as UTF-8"
        ) from None
    if not lines[-1]:
        lines.pop()
    return [line.strip() for line in lines]
