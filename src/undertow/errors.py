"""The two errors a user can cause, and how long values are told of.

The command line prints their one line and exits; `--debug` shows the traceback.
"""


class UsageError(ValueError):
    """A wrong option, key or combination: the request itself cannot be met (exit status 2)."""


class DataError(ValueError):
    """A file, folder or value that is not what it must be (exit status 1)."""


def shown(value: object, most: int = 60) -> str:
    """A value for a reader: what is not printable is escaped, and a text longer than `most` characters is cut."""
    text = str(value)
    words = text if text.isprintable() else repr(text)
    return words if len(words) <= most else f"{words[:most]}... ({len(text):,} characters)"
