"""The two errors a user can cause, values shortened and numbers with their nouns, for messages.

The command line prints their one line and exits; `--debug` shows the traceback.
"""

import re
from collections.abc import Callable, Sequence
from functools import wraps
from typing import ParamSpec, SupportsIndex, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
# What would control a terminal or has no place in its encoding: C0 and C1 but tabs and line feeds, separators of lines,
# changes of direction, and the halves of pairs that stand for bytes of a name that is not UTF-8.
UNPRINTABLE = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class UsageError(ValueError):
    """A wrong option, key or combination: the request itself cannot be met (exit status 2)."""


class DataError(ValueError):
    """A file, folder or value that is missing, damaged or wrong (exit status 1).

    Attributes:
        option: an option, by its Python name, that avoids the error in verbs that have it.
    """

    option: str | None = None


def shown(value: object, most: int = 60) -> str:
    """A value for a message: unprintable characters are escaped, and text beyond `most` characters is cut."""
    try:
        text = str(value)
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        return f"a number of about {int(value.bit_length() * 0.30103):,} digits" if isinstance(value, int) else "?"
    words = text if text.isprintable() else repr(text)[1:-1]  # quotes are the message's own
    return words if len(words) <= most else f"{words[:most]}... ({counted(len(text), 'character')})"


def printable(text: str) -> str:
    """Text for a terminal: what would control it is escaped, as in `caf\\xe9` for a byte of a file's name."""
    return UNPRINTABLE.sub(lambda found: _escaped(ord(found[0])), text)


def _escaped(code: int) -> str:
    byte = code - 0xDC00 if 0xDC80 <= code < 0xDD00 else code
    return f"\\x{byte:02x}" if byte < 0x100 else f"\\u{code:04x}"


def counted(number: SupportsIndex | float, noun: str) -> str:
    """A number with its noun, which is plural unless the number is 1: 1 file, 1,200 files, 2 classes."""
    if number == 1:
        return f"1 {noun}"
    return f"{format(number, ',')} {noun}{'es' if noun.endswith(('s', 'ch')) else 's'}"


def one_of(words: Sequence[str]) -> str:
    """Alternatives in words: png; png or webp; png, jpg or webp."""
    return " or ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def first_of(lines: Sequence[str], most: int = 10) -> list[str]:
    """The first of many lines, and one line with how many more there are."""
    more = len(lines) - most
    return [*lines[:most], f"... and {more:,} more"] if more > 0 else [*lines]


def memory_fault(error: BaseException) -> str | None:
    """One line if the error means that memory ran out; torch and CUDA raise kinds of RuntimeError then."""
    is_torchs = type(error).__name__ == "OutOfMemoryError" or "DefaultCPUAllocator" in str(error)
    if not isinstance(error, MemoryError) and not is_torchs:
        return None
    asked = re.search(r"allocate:? (?:memory: you tried to allocate )?(\d[\d.]* (?:bytes|[KMGTPE]i?B))", str(error))
    what = f" for {asked[1].replace('. ', ' ')} more" if asked else ""
    return f"there is not enough memory{what}; a smaller model or batch, fewer streams, or shorter crops need less"


def memory_told(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """The function, with a DataError of one line when memory runs out."""

    @wraps(function)
    def told(*values: Arguments.args, **named: Arguments.kwargs) -> Result:
        try:
            return function(*values, **named)
        except (MemoryError, RuntimeError) as error:
            if (line := memory_fault(error)) is None:
                raise
            raise DataError(line) from error

    return told
