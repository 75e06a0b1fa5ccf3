"""Parallel text in tables: each line has a text and its translation, in columns with a tab between them.

Such are the sentence pairs of Tatoeba (id, text, id, text) and of ManyThings for Anki (English, other, attribution).

R rows, C columns.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from undertow.config import nearest, there_are
from undertow.door import COMPRESSED, opened, read_text
from undertow.errors import DataError, UsageError, counted

SUFFIX, MAYBE = ".tsv", ".txt"  # a .txt file is a table if there is a tab in its first line
BOTH = re.compile(r"(?<![a-z])([a-z]{2,3})[-_]([a-z]{2,3})(?![a-z])")  # languages in a name: talks.en-de.tsv
SIDES = ("source", "target")  # names of columns, if not those of the languages
LOOKED_AT = 1000  # rows, to tell columns of text from others
MOST_LOOKED_AT = 1 << 16  # bytes of a first line
NUMBER = re.compile(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?")

Columns = Mapping[str, int | str]


class Pair(NamedTuple):
    """Two texts of the same meaning, and the place of each for messages."""

    source: str
    target: str
    source_name: str
    target_name: str


class Row(NamedTuple):
    """A line of a table: its number, and its cells without white space around them."""

    line: int
    cells: list[str]


class Choice(NamedTuple):
    """The columns of source and target, from 0; and whether the first row names columns."""

    source: int
    target: int
    has_names: bool


def is_table(path: Path) -> bool:
    """Whether a file is a table, by its name and for .txt by its first line."""
    if not path.is_file():
        return False
    name = path.name.lower().removesuffix(".gz")
    return name.endswith(SUFFIX) or name.endswith(MAYBE) and "\t" in _first_line(path)


def languages_in(path: Path) -> tuple[str, str] | None:
    """The two languages in a table's name, such as talks.en-de.tsv; None if there are not exactly two."""
    found = BOTH.findall(path.name.lower())
    return found[0] if len(found) == 1 and is_table(path) else None


def read_pairs(path: Path, languages: tuple[str, str], columns: Columns) -> tuple[list[Pair], int, str]:
    """The pairs of a table, how many were left out because one text is empty, and a line on its columns.

    Args:
        languages: to translate from and to.
        columns: for each language, the number of its column, from 1, or its name in the first line. If it is empty,
            the first line, the file's name ("talks.en-de.tsv") or the order of source and target tells; columns of
            numbers, and of the same text in all rows, are passed over.

    Raises:
        UsageError: the columns are not of these languages, or there is no such column.
        DataError: the file cannot be read, has no two columns of text, or has a row without the columns.
    """
    lines = enumerate(read_text(path).split("\n"), start=1)
    rows = [Row(number, [cell.strip() for cell in line.split("\t")]) for number, line in lines if line.strip()]
    if not rows:
        raise DataError(f"{path} has no pair: it is empty")
    chosen = _given(rows, path, languages, columns) if columns else _found(rows, path, languages)
    pairs, num_empty, width = [], 0, max(chosen[:2]) + 1
    for row in rows[chosen.has_names :]:
        place = f"{path}, line {row.line}"
        if len(row.cells) < width:
            raise DataError(
                f"{place}: it has {counted(len(row.cells), 'cell')} with tabs between; it must have {width} or more"
            )
        source, target = row.cells[chosen.source], row.cells[chosen.target]
        if source and target:
            pairs.append(Pair(source, target, place, place))
        num_empty += not (source and target)
    first, second = chosen.source + 1, chosen.target + 1
    note = f"{path}: column {first} is '{languages[0]}' and column {second} is '{languages[1]}'"
    swap = "" if columns else f"; data.columns={{{languages[0]}: {second}, {languages[1]}: {first}}} swaps them"
    return pairs, num_empty, note + swap


def _given(rows: Sequence[Row], path: Path, languages: tuple[str, str], columns: Columns) -> Choice:
    """The columns that the user gives."""
    names = rows[0].cells
    places = []
    for language in languages:
        if language not in columns:
            raise UsageError(f"data.columns has no column for '{language}'; {there_are(map(str, columns))}")
        column = columns[language]
        if isinstance(column, str) and column not in names:
            raise UsageError(f"{path} has no column '{column}'{nearest(column, [name[:40] for name in names[:9]])}")
        place = names.index(column) if isinstance(column, str) else column - 1
        if not 0 <= place < len(names):
            raise UsageError(f"{path} has no column {column}; its first line has {len(names)}")
        places.append(place)
    has_names = any(isinstance(column, str) for column in columns.values()) or _named(names, languages) is not None
    return Choice(places[0], places[1], has_names)


def _found(rows: Sequence[Row], path: Path, languages: tuple[str, str]) -> Choice:
    """The columns by the names in the first row, by the file's name, or else in the order of source and target."""
    if named := _named(rows[0].cells, languages):
        return Choice(*named, True)
    texts = _texts([row.cells for row in rows[:LOOKED_AT]])
    if len(texts) < 2:
        narrow = next((f" (line {row.line} has no tab)" for row in rows if len(row.cells) < 2), "")
        raise DataError(
            f"{path} has no two columns of text with a tab between them{narrow}; give their numbers, such as "
            f"data.columns={{{languages[0]}: 1, {languages[1]}: 2}}"
        )
    first, second = texts[:2]
    return Choice(second, first, False) if languages_in(path) == languages[::-1] else Choice(first, second, False)


def _named(names: Sequence[str], languages: tuple[str, str]) -> tuple[int, int] | None:
    """The columns of the languages, or of "source" and "target", if the first row has these names."""
    lower = [name.lower() for name in names]
    for both in (tuple(language.lower() for language in languages), SIDES):
        if all(name in lower for name in both):
            return lower.index(both[0]), lower.index(both[1])
    return None


def _texts(rows: Sequence[list[str]]) -> list[int]:
    """The columns of text: neither numbers only, nor the same in all rows."""
    columns = range(min(map(len, rows)))
    tests: list[Callable[[int], bool]] = [
        lambda column: not all(NUMBER.fullmatch(row[column]) for row in rows),
        lambda column: len({row[column] for row in rows}) > 1 or len(rows) == 1,
    ]
    return [column for column in columns if all(test(column) for test in tests)]


def _first_line(path: Path) -> str:
    if path.suffix == COMPRESSED:
        return read_text(path).partition("\n")[0]
    with opened(path) as file:
        return file.readline(MOST_LOOKED_AT).decode("utf-8", "replace")
