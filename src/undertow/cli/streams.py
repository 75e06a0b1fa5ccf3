"""Standard streams that any program may be started with: closed, or in an encoding that lacks characters."""

import codecs
import io
import os
import sys
import unicodedata
from contextlib import suppress
from typing import Any

PLAIN = "undertow.plain"  # the name of `_plain` as an error handler
SIGNS = {"·": "*", "×": "x", "²": "^2", "–": "-", "—": "-", "Σ": "sum of "}
STREAMS = {"stdin": (0, "r"), "stdout": (1, "w"), "stderr": (2, "w")}


def prepare() -> None:
    """Stand in for closed streams, and let narrow ones print what is nearest to a character that they lack.

    A closed stream becomes the null device, so that no file that is opened later takes its number and gets its output.
    """
    codecs.register_error(PLAIN, _plain)
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= max(number for number, _ in STREAMS.values()):
        pass
    os.close(descriptor)
    for name, (number, mode) in STREAMS.items():
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", errors="replace", closefd=False))
        elif isinstance(stream, io.TextIOWrapper) and name == "stdout":
            stream.reconfigure(errors=PLAIN)


def _plain(error: UnicodeError) -> tuple[str, int]:
    """ASCII for characters that an encoding lacks: `...` for an ellipsis, `?` for what has nothing near."""
    assert isinstance(error, UnicodeEncodeError)
    lacking = error.object[error.start : error.end]
    found = [SIGNS.get(one) or unicodedata.normalize("NFKD", one).encode("ascii", "ignore").decode() for one in lacking]
    return "".join(one or "?" for one in found), error.end


def discard(stream: Any) -> None:
    """Send what is left for a stream whose reader is gone to the null device, so that nothing fails at the exit."""
    with suppress(OSError, ValueError):  # it has no number, in a test
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
