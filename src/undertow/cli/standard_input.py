"""Lines of standard input, in groups, as they come."""

import codecs
import sys
from collections.abc import Iterator
from typing import Any

from undertow.door import not_utf8_line
from undertow.errors import DataError

Groups = Iterator[list[str]]
STANDARD_INPUT = "standard input"
READ_BYTES = 65_536
MOST_LINE = 1 << 24  # bytes; a book is shorter


def grouped(lines: list[str], most: int) -> Groups:
    """Lines in groups of at most so many."""
    return (lines[first : first + most] for first in range(0, len(lines), most))


def standard_input(batch: int) -> Groups:
    """Lines as they arrive, at most `batch` at once; a typed line does not wait for the next.

    Raises:
        DataError: bytes that are not UTF-8, or a line of more than 16 MiB; the message names the line.
    """
    given: Any = sys.stdin.buffer
    number, rest = 1, b""
    while piece := given.read1(READ_BYTES):
        *whole, rest = (rest + piece).split(b"\n")
        lines = [_decoded(line, number + place) for place, line in enumerate(whole)]
        number += len(lines)
        yield from grouped(lines, batch)
        if len(rest) > MOST_LINE:
            raise DataError(f"{STANDARD_INPUT}, line {number} has more than {MOST_LINE:,} bytes; begin new lines")
    if rest:
        yield [_decoded(rest, number)]


def _decoded(line: bytes, number: int) -> str:
    if number == 1:
        line = line.removeprefix(codecs.BOM_UTF8)
    try:
        return line.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise not_utf8_line(error, STANDARD_INPUT, number) from None
