"""The two errors a user can cause, and values shortened for messages.

The command line prints their one line and exits; `--debug` shows the traceback.
"""

import re

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
    words = text if text.isprintable() else repr(text)
    return words if len(words) <= most else f"{words[:most]}... ({len(text):,} characters)"


def printable(text: str) -> str:
    """Text for a terminal: what would control it is escaped, as in `caf\\xe9` for a byte of a file's name."""
    return UNPRINTABLE.sub(lambda found: _escaped(ord(found[0])), text)


def _escaped(code: int) -> str:
    byte = code - 0xDC00 if 0xDC80 <= code < 0xDD00 else code
    return f"\\x{byte:02x}" if byte < 0x100 else f"\\u{code:04x}"
