"""Files of text, plain or compressed with gzip."""

import gzip
import zlib
from pathlib import Path

from undertow.errors import DataError

COMPRESSED = ".gz"


def read_text(path: Path) -> str:
    """A file in UTF-8 as text.

    Raises:
        DataError: it cannot be read, is damaged, or is not UTF-8; the message gives the line and the byte.
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
        raise not_utf8_line(error, str(path)) from None


def not_utf8_line(error: UnicodeDecodeError, name: str, first_line: int = 1) -> DataError:
    """The error for lines in another encoding; it gives the line and the byte, counted from 1.

    Args:
        error: from decoding the lines.
        name: of their file.
        first_line: number of the first line.
    """
    before, byte = error.object[: error.start], error.object[error.start]
    line, position = first_line + before.count(b"\n"), error.start - before.rfind(b"\n")
    where = f"{name}, line {line}: byte 0x{byte:02x} at position {position}"
    return DataError(f"{where} is not UTF-8; save it as UTF-8")


def read_lines(path: Path) -> list[str]:
    """The lines of a file in UTF-8, without white space around them; only a line feed ends a line.

    Raises:
        DataError: see `read_text`.
    """
    lines = read_text(path).split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.strip() for line in lines]
