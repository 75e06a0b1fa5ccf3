"""Files of text, plain or compressed with gzip."""

import gzip
import zlib
from pathlib import Path

from undertow.errors import DataError

COMPRESSED = ".gz"


def read_text(path: Path) -> str:
    """A file in UTF-8 as text.

    Raises:
        DataError: it cannot be read, is damaged, or is not UTF-8: the line and the byte are named.
    """
    try:
        data = path.read_bytes()
        if path.suffix == COMPRESSED:
            data = gzip.decompress(data)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        position = error.start - data.rfind(b"\n", 0, error.start) - 1
        where = f"{path}, line {line}: byte 0x{data[error.start]:02x} is not UTF-8 (position {position} of the line)"
        raise DataError(f"{where}; save it as UTF-8") from None


def read_lines(path: Path) -> list[str]:
    """The lines of a file in UTF-8, without what surrounds them; only a line feed ends one.

    Raises:
        DataError: see `read_text`.
    """
    lines = read_text(path).split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.strip() for line in lines]
