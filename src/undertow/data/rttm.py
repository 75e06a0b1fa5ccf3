"""RTTM files of NIST's speaker diarisation: `SPEAKER recording channel start duration <NA> <NA> name <NA> <NA>`."""

from pathlib import Path

from undertow.data.intervals import Interval, in_order, number
from undertow.door import MOST_TABLE, read_text
from undertow.errors import DataError, counted

KIND = "SPEAKER"
LEAST_COLUMNS = 8
COMMENT = ";;"


def read_rttm(path: Path) -> dict[str, list[Interval]]:
    """The intervals of each recording, in order, with the speakers' names as labels; other kinds of lines are left out.

    Raises:
        DataError: the file is missing, damaged or has no interval; a line has too few columns, or no times; or two
            speakers speak at once, since a frame has one label.
    """
    found: dict[str, list[Interval]] = {}
    for line, text in enumerate(read_text(path, MOST_TABLE).split("\n"), start=1):
        cells = text.split()
        if not cells or cells[0] != KIND or text.startswith(COMMENT):
            continue
        place = f"{path}, line {line}"
        if len(cells) < LEAST_COLUMNS:
            have = counted(len(cells), "column")
            raise DataError(f"{place}: it has {have}; at least {LEAST_COLUMNS} are needed, the eighth is the name")
        start, length = (number(cell, place) for cell in cells[3:5])
        found.setdefault(cells[1], []).append(Interval(start, start + length, cells[7], line))
    if not found:
        raise DataError(f"{path} has no line that begins with {KIND}")
    return {name: in_order(intervals, path) for name, intervals in found.items()}
