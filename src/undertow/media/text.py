"""Text: a string or a file of text in; text on the terminal or in UTF-8 files out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from undertow.door import read_bytes
from undertow.errors import UsageError, counted
from undertow.files import atomic_write
from undertow.media.medium import Given, Medium, Reading, Report

USUAL_SYMBOLS = 500
MOST_PROMPT = 1 << 26  # bytes: the largest books have a tenth


class Text(Medium):
    """A string."""

    product = "text"
    suffixes = (".txt",)
    refusals = {"seconds": "this model writes text; set its length with --num-symbols"}
    streams = True

    def prompt(self, word: str) -> Given:
        """The word itself."""
        return word

    def read(self, given: Given) -> Reading:
        """A `str` is the text itself; a `Path` is a text file."""
        if isinstance(given, str):
            return Reading(given)
        if not isinstance(given, Path):
            raise UsageError("this model is of text: give a str, the Path of a text file, or an array of int64 symbols")
        return Reading(read_bytes(given, MOST_PROMPT))

    def usual_steps(self, num_given: int) -> int:
        return USUAL_SYMBOLS

    def join(self, parts: Sequence[str]) -> str:
        return "".join(parts)

    def suffix_of(self, out: Path, count: int) -> str:
        """A single file may have any suffix."""
        is_file = count == 1 and out.suffix and not out.is_dir()
        return out.suffix.lower() if is_file else self.suffixes[0]

    def write(self, path: Path, real: Any) -> None:
        with atomic_write(path) as temporary:
            temporary.write_text(real, encoding="utf-8", newline="")

    def report(self, real: Any, num_given: int) -> Report:
        """The number of characters."""
        return Report(counted(len(real), "character"), {"num_characters": len(real)})
