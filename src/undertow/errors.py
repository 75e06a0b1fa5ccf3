"""The two errors a user can cause, and values shortened for messages.

The command line prints their one line and exits; `--debug` shows the traceback.
"""


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
