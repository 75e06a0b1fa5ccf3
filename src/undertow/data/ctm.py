"""CTM files of NIST's scoring tools: `recording channel start duration label` in seconds, an interval a line."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from undertow.data.intervals import Interval, in_order, number
from undertow.door import MOST_TABLE, read_text
from undertow.errors import DataError, counted

COLUMNS = (5, 6)  # the sixth is a confidence
COMMENT = ";;"


def read_ctm(path: Path) -> dict[str, list[Interval]]:
    """The intervals of each recording, in order. A CTM has those of many recordings; channels are not told apart.

    Raises:
        DataError: the file is missing, damaged or has no interval; a line has too few or too many columns, or no
            times; or intervals of a recording overlap.
    """
    found: dict[str, list[Interval]] = {}
    for line, text in enumerate(read_text(path, MOST_TABLE).split("\n"), start=1):
        cells = text.split()
        if not cells or text.startswith(COMMENT):
            continue
        place = f"{path}, line {line}"
        if len(cells) not in COLUMNS:
            have = counted(len(cells), "column")
            raise DataError(f"{place}: it has {have}; a line has recording, channel, start, duration and label")
        start, length = (number(cell, place) for cell in cells[2:4])
        found.setdefault(cells[0], []).append(Interval(start, start + length, cells[4], line))
    if not found:
        raise DataError(f"{path} has no interval")
    return {name: in_order(intervals, path) for name, intervals in found.items()}


def ctm_text(recordings: Mapping[str, Iterable[Interval]], decimals: int = 3) -> str:
    """The intervals of recordings as lines of a CTM; white space in a name becomes _."""
    return "".join(
        f"{'_'.join(name.split())} 1 {one.start:.{decimals}f} {one.stop - one.start:.{decimals}f} {one.label}\n"
        for name, intervals in recordings.items()
        for one in intervals
    )
