"""Tables of a folder of audio: labels and splits of its files, by name.

`metadata.csv` names its columns in its first line, among them `file`; or it is laid out as in LJ Speech (Ito and
Johnson, 2017), `id|text|normalised text` without such a line.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from undertow.door import MOST_TABLE, read_text
from undertow.errors import DataError, counted, shown

TABLE = "metadata.csv"
FILE_COLUMNS = ("file", "file_name")
BAR = "|"
MOST_COLUMNS = 1000  # a spreadsheet has fewer by hand; each is a label, and a line of a report
LJ_SPEECH = "LJ Speech"
LJ_COLUMNS = ({2: ("text",), 3: ("raw_text", "text")}, "id|text or id|text|normalised text")
WAVS = "wavs/"


@dataclass(frozen=True)
class Arranged:
    """What the layout of a folder says about its files.

    Attributes:
        layout: which one it is, for people.
        labels: of each file that belongs to the data, by name.
        told: the splits of those files whose split is given; not checked yet.
        notes: files that were left out, and why, one line each.
    """

    layout: str
    labels: Mapping[str, Mapping[str, str]]
    told: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Rows:
    """The rows of one or more tables, one for each file.

    Raises:
        DataError: (by `add`) a file has two.
    """

    def __init__(self) -> None:
        self._places: dict[str, str] = {}

    def add(self, name: str, place: str) -> None:
        """Note that the file has a row at this place, such as "metadata.csv, line 3"."""
        if name in self._places:
            raise DataError(f"{place}: '{name}' has another row already ({self._places[name]}); keep one of them")
        self._places[name] = place


def read_table(root: Path, names: Sequence[str]) -> Arranged | None:
    """What metadata.csv says about the audio files of a folder; None if there is no such table, or it has no rows.

    Blank cells are left out. Files without a row have no labels.

    Raises:
        DataError: it is not such a table; a row has too many or too few cells, or is of no file of the folder; or a
            file has two rows.
    """
    path = root / TABLE
    if not path.is_file():
        return None
    text = read_text(path, MOST_TABLE)
    first = text.split("\n", 1)[0].rstrip("\r")
    if BAR in first and not set(FILE_COLUMNS) & set(first.split(BAR)) and not set(FILE_COLUMNS) & set(first.split(",")):
        return _like_lj_speech(path, text, names)
    delimiter = BAR if set(FILE_COLUMNS) & set(first.split(BAR)) and BAR in first else ","
    return _with_columns(path, text, names, delimiter)


def check_once(path: Path, columns: Sequence[str], used: Iterable[str]) -> None:
    """Check that a table's first line names no column twice of those that are used.

    Raises:
        DataError: it does; the last one would win.
    """
    twice = next((name for name in used if name and columns.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"{path} has two columns '{shown(twice)}'; rename or remove one of them")


def _with_columns(path: Path, text: str, names: Sequence[str], delimiter: str) -> Arranged | None:
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        columns = list(reader.fieldnames or [])
        if len(columns) > MOST_COLUMNS:
            raise DataError(f"{path} has {counted(len(columns), 'column')}; it may have at most {MOST_COLUMNS:,}")
        check_once(path, columns, columns)
        rows.extend((reader.line_num, row) for row in reader)
    except csv.Error as error:
        raise DataError(f"{path} is not a comma-separated table ({error})") from None
    file_column = next((column for column in FILE_COLUMNS if column in columns), None)
    if file_column is None:
        raise DataError(f"{path} has no column 'file'; add one, or give the labels by a name pattern")
    known, seen = set(names), Rows()
    table: dict[str, dict[str, str]] = {name: {} for name in names}
    for line, row in rows:
        place = f"{path}, line {line}"
        if None in row or None in row.values():
            raise DataError(f"{place}: it must have {counted(len(columns), 'cell')}, like the first line")
        name = row.pop(file_column)
        if name not in known:
            raise _no_such_file(place, name)
        seen.add(name, place)
        table[name] = {key: value for key, value in row.items() if value}
    if not rows:
        return None
    told = {name: row["split"] for name, row in table.items() if "split" in row}
    labels = {name: {key: value for key, value in row.items() if key != "split"} for name, row in table.items()}
    return Arranged(f"table {TABLE}", labels, told)


def _like_lj_speech(path: Path, text: str, names: Sequence[str]) -> Arranged:
    """Each row is of `wavs/id.wav` or another audio file of that name; its texts may hold quotation marks."""
    (columns_of, shape), files, seen = LJ_COLUMNS, _by_id(names), Rows()
    labels: dict[str, Mapping[str, str]] = dict.fromkeys(names, {})
    for line, row in enumerate(text.split("\n"), start=1):
        if not row.strip():
            continue
        place, cells = f"{path}, line {line}", row.rstrip("\r").split(BAR)
        if len(cells) not in columns_of:
            raise DataError(f"{place}: it has {counted(len(cells), 'cell')}; a table without column names has {shape}")
        name = files.get(cells[0].strip())
        if name is None:
            raise _no_such_file(place, cells[0])
        seen.add(name, place)
        found = {key: value for key, value in zip(columns_of[len(cells)], cells[1:], strict=True) if value}
        labels[name] = {"text": found["raw_text"], **found} if "raw_text" in found else found
    return Arranged(f"{LJ_SPEECH}: {TABLE} without column names, {shape}", labels)


def _by_id(names: Iterable[str]) -> dict[str, str]:
    """Audio files by their names with and without the suffix, and with and without the folder wavs/."""
    found: dict[str, str] = {}
    for name in names:
        for short in (name, name.removeprefix(WAVS)):
            found.setdefault(short, name)
            found.setdefault(short.rpartition(".")[0], name)
    return found


def _no_such_file(place: str, name: str) -> DataError:
    return DataError(f"{place}: there is no audio file '{name[:200]}' in the folder")
