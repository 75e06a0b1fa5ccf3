"""Label files of one recording that end in .lab, of two kinds: HTK's and Festvox's (the format of xwaves).

HTK (Young et al., The HTK Book, §6.2): `start end label`, times in units of 100 ns; what follows, a score and the
labels of larger units, is left out. Festvox: after a line with # alone, `end colour label`, the end in seconds; an
interval begins where the one before ends, the first at 0.
"""

from collections.abc import Iterator
from pathlib import Path

from undertow.data.intervals import Interval, in_order, number
from undertow.door import MOST_TABLE, read_text
from undertow.errors import DataError, counted

HEAD_END, COMMENT = "#", ";"


def read_lab(path: Path) -> list[Interval]:
    """The intervals of a file of either kind, in order.

    Raises:
        DataError: the file is missing, damaged or has no interval; a line has too few columns, or no times; or
            intervals overlap.
    """
    lines = [(number, text.strip()) for number, text in enumerate(read_text(path, MOST_TABLE).split("\n"), start=1)]
    head = next((place for place, (_, text) in enumerate(lines) if text == HEAD_END), None)
    found = list(read_htk(path, lines) if head is None else _festvox(path, lines[head + 1 :]))
    if not found:
        raise DataError(f"{path} has no interval")
    return in_order(found, path)


def is_lab(path: Path) -> bool:
    """Whether a .lab file has intervals, and is not a transcript, as some aligners' are."""
    lines = [text.split() for text in read_text(path, MOST_TABLE).split("\n") if text.strip()]
    times = lines and len(lines[0]) >= 3 and all(cell.isdecimal() for cell in lines[0][:2])
    return bool(times) or [HEAD_END] in lines


def read_htk(path: Path, lines: list[tuple[int, str]]) -> Iterator[Interval]:
    """The intervals of numbered lines of HTK's.

    Raises:
        DataError: a line has too few columns, or no times.
    """
    for line, text in lines:
        if not text or text == ".":  # the full stop ends a list in a master file
            continue
        place, cells = f"{path}, line {line}", text.split()
        if len(cells) < 3 or not (cells[0].isdecimal() and cells[1].isdecimal()):
            raise DataError(f"{place}: it must be start, end and label, with whole numbers of 100 ns as times")
        start, stop = (number(cell, place) for cell in (f"{cells[0]}e-7", f"{cells[1]}e-7"))
        yield Interval(start, stop, cells[2].strip('"'), line)


def _festvox(path: Path, lines: list[tuple[int, str]]) -> Iterator[Interval]:
    start = 0.0
    for line, text in lines:
        if not text:
            continue
        place, cells = f"{path}, line {line}", text.split(COMMENT)[0].split()
        if len(cells) < 2:
            raise DataError(f"{place}: it has {counted(len(cells), 'column')}; a line has end, colour and label")
        stop = number(cells[0], place)
        if len(cells) > 2:  # without a label it is only where the one before ends
            yield Interval(start, stop, cells[2], line)
        start = stop
