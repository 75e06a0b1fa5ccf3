"""Master label files of HTK (Young et al., The HTK Book, §6.3): the labels of many recordings in one file.

After `#!MLF!#`, of each recording a line with its name in quotes, `"*/one.lab"`, then lines of a .lab file of HTK's,
then a full stop. `*/` stands for any folder, and the name's suffix does not count. Of alternatives, `///` between
them, the first is taken.
"""

from collections.abc import Iterator
from pathlib import Path

from undertow.data.intervals import Interval, in_order
from undertow.data.lab import read_htk
from undertow.door import MOST_TABLE, read_text
from undertow.errors import DataError, shown

HEAD, END, ALTERNATIVE, ANY_FOLDER = "#!MLF!#", ".", "///", "*/"

Line = tuple[int, str]  # its number, and its text


def read_mlf(path: Path) -> dict[str, list[Interval]]:
    """The intervals of each recording, in order.

    Raises:
        DataError: the file is missing, damaged or has no interval; a recording has no name, no end or is there twice;
            it says that labels are elsewhere; a line has no times; or intervals of a recording overlap.
    """
    lines = [(number, text.strip()) for number, text in enumerate(read_text(path, MOST_TABLE).split("\n"), start=1)]
    if lines[0][1] != HEAD:
        raise DataError(f"{path} does not begin with {HEAD}, as master label files do")
    found: dict[str, list[Interval]] = {}
    for line, name, listed in _lists(path, [one for one in lines[1:] if one[1]]):
        if name in found:
            raise DataError(f"{path}, line {line}: '{shown(name)}' is there twice")
        found[name] = in_order(read_htk(path, listed), path)
    if not any(found.values()):
        raise DataError(f"{path} has no interval")
    return {name: intervals for name, intervals in found.items() if intervals}


def _lists(path: Path, lines: list[Line]) -> Iterator[tuple[int, str, list[Line]]]:
    """Of each recording, the line and the name that begin its list, and the lines in it."""
    left = iter(lines)
    for line, text in left:
        name, quote, rest = text[1:].partition('"')
        if text[0] != '"' or not quote:
            raise DataError(f"{path}, line {line}: '{shown(text)}' is not the name of a recording in quotes")
        if rest.strip():
            raise DataError(f"{path}, line {line}: behind its name there is '{shown(rest.strip())}'; labels that are "
                            "elsewhere are not read")  # fmt: skip
        listed: list[Line] = []
        is_first = True
        for one in left:
            if one[1] == END:
                break
            is_first &= one[1] != ALTERNATIVE
            if is_first:
                listed.append(one)
        else:
            raise DataError(f"{path}: it is cut short: the list of '{shown(name)}' has no full stop at its end")
        yield line, _plain(name), listed


def _plain(name: str) -> str:
    """As a recording in a folder is called: without a suffix, and without folders that are not in that folder."""
    inside = name.removeprefix(ANY_FOLDER) if name.startswith(ANY_FOLDER) else name.rpartition("/")[2]
    stem, _, suffix = inside.rpartition(".")
    return stem if stem and "/" not in suffix else inside or name
