"""Label files of Audacity: `start<tab>end<tab>label`, times in seconds, one interval a line."""

from collections.abc import Iterable
from pathlib import Path

from undertow.data.intervals import Interval, in_order, number
from undertow.door import MOST_TABLE, read_text
from undertow.errors import DataError, counted

SPECTRAL = "\\"  # begins a line with the frequencies of the label before


def read_audacity(path: Path) -> list[Interval]:
    """The intervals of a file, in order; points, whose end is their start, label nothing.

    Raises:
        DataError: the file is missing, damaged or has no interval; a line has too few columns, or no times; or
            intervals overlap.
    """
    found = []
    for line, text in enumerate(read_text(path, MOST_TABLE).split("\n"), start=1):
        if not text.strip() or text.startswith(SPECTRAL):
            continue
        cells = text.rstrip("\r").split("\t")
        place = f"{path}, line {line}"
        if len(cells) < 3:
            raise DataError(
                f"{place}: it has {counted(len(cells), 'column')}; start, end and label are divided by tabs"
            )
        start, stop = (number(cell, place) for cell in cells[:2])
        if label := cells[2].strip():
            found.append(Interval(start, stop, label, line))
    if not found:
        raise DataError(f"{path} has no interval")
    return in_order(found, path)


def is_audacity(path: Path) -> bool:
    """Whether the first line of a text file is a label of Audacity's, and not a transcript."""
    first = read_text(path, MOST_TABLE).split("\n", 1)[0].split("\t")
    try:
        return len(first) >= 3 and [float(cell) >= 0 for cell in first[:2]] == [True, True]
    except ValueError:
        return False


def audacity_text(intervals: Iterable[Interval], decimals: int = 6) -> str:
    """Intervals as lines of a label file."""
    return "".join(f"{one.start:.{decimals}f}\t{one.stop:.{decimals}f}\t{one.label}\n" for one in intervals)
