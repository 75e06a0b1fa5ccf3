"""Item files, which say where in recordings the sounds are that a representation should tell apart.

The layout is that of ZeroSpeech and Libri-Light: a first line of names, then an item a line, with spaces between
columns: `#file onset offset #phone prev-phone next-phone speaker`. The file is the recording's name without its suffix,
times are in seconds. A whole word has the phone's column, and `-` on both sides.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from undertow.data.intervals import MOST_ROUNDING, MOST_SECONDS, Interval
from undertow.door import MOST_TABLE, read_text
from undertow.errors import DataError, counted, shown

COLUMNS = ("#file", "onset", "offset", "#phone", "prev-phone", "next-phone", "speaker")
NOTHING = "-"  # before the first and behind the last of a recording, around a word, and of a speaker without a name
TIME = re.compile(r"[0-9]{1,9}(\.[0-9]{0,15})?(e-[0-9]{1,2})?", re.ASCII)
SILENCES = ("SIL", "sil", "SP", "sp", "SPN", "spn", "<sil>", "<s>", "</s>", "+NOISE+", "+SPN+", "[SPEECH]", "pau", "h#")


class Item(NamedTuple):
    """One sound: part of a recording, what it is, what is before and after it, and who speaks.

    Times are exact, in seconds, as written; `line` is its place in the file.
    """

    file: str
    onset: Decimal
    offset: Decimal
    phone: str
    before: str
    after: str
    speaker: str
    line: int = 0

    @property
    def text(self) -> str:
        """Its line."""
        return " ".join(map(str, self[: len(COLUMNS)]))


def read_items(path: str | Path) -> list[Item]:
    """The items of a file, in its order.

    Raises:
        DataError: the file is missing, has no first line of names or no item; or a line has another number of columns,
            or times that are not seconds, or ends before it begins.
    """
    lines = read_text(path, MOST_TABLE).split("\n")
    if not lines[0].startswith("#"):
        raise DataError(f"{path}, line 1: it must name the columns: {' '.join(COLUMNS)}")
    items = []
    for line, text in enumerate(lines, start=1):
        cells = text.split()
        if not cells:
            continue
        if len(cells) != len(COLUMNS):
            have = counted(len(cells), "column")
            raise DataError(f"{path}, line {line}: it has {have}; a line has {len(COLUMNS)}: {' '.join(COLUMNS)}")
        if line == 1:
            continue
        onset, offset = (_time(cell, f"{path}, line {line}") for cell in cells[1:3])
        if offset <= onset:
            raise DataError(f"{path}, line {line}: the item ends at {offset} s, and begins at {onset} s")
        file, (phone, before, after, speaker) = cells[0], cells[3:]
        items.append(Item(file, onset, offset, phone, before, after, speaker, line))
    if not items:
        raise DataError(f"{path} has no item")
    return items


def item_text(items: Iterable[Item]) -> str:
    """Items as the text of a file."""
    return "".join(f"{line}\n" for line in (" ".join(COLUMNS), *(one.text for one in items)))


def phones_of(
    recordings: Mapping[str, Sequence[Interval]], speakers: Mapping[str, str], left_out: Iterable[str] = SILENCES
) -> list[Item]:
    """An item for each labelled interval of recordings, in order, with the labels of its neighbours.

    Args:
        recordings: by name, as `undertow.data.ctm.read_ctm` gives them.
        speakers: of the recordings, by the same names.
        left_out: labels that are no items, such as silence; they are neighbours all the same.
    """
    silent = {*left_out, ""}
    return [
        Item(
            word(file),
            seconds(one.start),
            seconds(one.stop),
            word(one.label),
            word(before.label) if before is not None and one.start - before.stop <= MOST_ROUNDING else NOTHING,
            word(after.label) if after is not None and after.start - one.stop <= MOST_ROUNDING else NOTHING,
            word(speakers[file]),
        )
        for file, intervals in recordings.items()
        for before, one, after in zip([None, *intervals], intervals, [*intervals[1:], None], strict=False)
        if one.label not in silent
    ]


def word(text: str) -> str:
    """A name as one column: white space becomes _, and nothing becomes -."""
    return "_".join(text.split()) or NOTHING


def seconds(time: float) -> Decimal:
    """A time to a tenth of a millisecond."""
    return Decimal(f"{time:.4f}").normalize() + Decimal("0.00")


def _time(text: str, place: str) -> Decimal:
    if not TIME.fullmatch(text) or (time := Decimal(text)) > MOST_SECONDS:
        raise DataError(f"{place}: '{shown(text)}' is not a time in seconds")
    return time
