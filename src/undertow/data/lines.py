"""Files of lines of text, plain or compressed with gzip."""

from pathlib import Path

from undertow.door import read_text


def read_lines(path: Path) -> list[str]:
    """The lines of a file in UTF-8, without white space around them; only a line feed ends a line.

    Raises:
        DataError: see `undertow.door.read_text`.
    """
    lines = read_text(path).split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.strip() for line in lines]
