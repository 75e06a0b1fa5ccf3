"""CoNLL's layout: a token a line, with columns, its tag among them; blank lines between sentences.

Tjong Kim Sang and Buchholz, Introduction to the CoNLL-2000 Shared Task: Chunking, 2000 (`token POS chunk`). Columns are
divided by tabs, or else by spaces. Lines of comments that begin a sentence (`# text = …`, as in CoNLL-U) are left out
where columns are divided by tabs, and so are -DOCSTART- lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from undertow.data.tag_schemes import as_iob2, begins_inside, scheme_of
from undertow.data.tagged import Read, Sentence, lines_of
from undertow.door import read_text
from undertow.errors import DataError, counted, shown

DOCUMENT = "-DOCSTART-"
COMMENT = "#"


@dataclass(frozen=True)
class Row:
    """One token: its line's number, and its columns."""

    line: int
    cells: tuple[str, ...]


@dataclass
class Rows:
    """Rows of a file by sentence; `empty` are the lines of sentences without a token; `tabs`: what divides columns."""

    sentences: list[list[Row]] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)
    tabs: bool = False


def read_conll(path: Path, token_column: int = 1, tag_column: int | None = None) -> Read:
    """The sentences of a file in UTF-8, which may be compressed with gzip.

    Tags in IOB1, where chunks begin with I, are converted to IOB2, with a note.

    Args:
        token_column, tag_column: the columns of tokens and tags, counted from 1; by default the last has the tags.

    Raises:
        DataError: the file is missing, damaged or not in UTF-8; it has no token; or a line has too few or too many
            columns: the message gives the line.
    """
    rows = read_rows(path, max(token_column, tag_column or 2))
    place = -1 if tag_column is None else tag_column - 1
    sentences = []
    for part in rows.sentences:
        tokens, tags = (tuple(row.cells[column] for row in part) for column in (token_column - 1, place))
        sentences.append(Sentence(tokens, tags, str(path), part[0].line))
    changed, notes = _in_iob2(sentences)
    return Read(
        changed, [*lines_of([*notes, *(("sentence: empty, skipped", f"{path}, line {n}") for n in rows.empty)])]
    )


def read_rows(path: Path, least_columns: int = 1) -> Rows:
    """The rows of a file by sentence; see `read_conll`."""
    text = read_text(path)
    found = Rows(tabs="\t" in text)
    columns: int | None = None
    part: list[Row] = []
    last, blank = 0, True  # the last line with a token; whether the line before this one was blank
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        cells = tuple(cell.strip() for cell in line.rstrip("\r").split("\t")) if found.tabs else tuple(line.split())
        if not line.strip() or cells[0] == DOCUMENT:
            if part:
                found.sentences.append(part)
            elif blank and found.sentences:
                found.empty.append(number)
            blank, part = not line.strip(), []
            continue
        if found.tabs and not part and line.startswith(COMMENT) and "\t" not in line:
            continue
        columns = len(cells) if columns is None else columns
        where = f"{path}, line {number}"
        if len(cells) < least_columns:
            have = counted(len(cells), "column")
            raise DataError(
                f"{where}: it has {have}, '{shown(line.strip())}'; {counted(least_columns, 'column')} are needed"
            )
        if len(cells) != columns:
            raise DataError(f"{where}: it has {counted(len(cells), 'column')}, but the lines before have {columns}")
        if not all(cells):
            raise DataError(f"{where}: column {cells.index('') + 1} is empty")
        part.append(Row(number, cells))
        last, blank = number, False
    found.empty = [number for number in found.empty if number < last]
    if not found.sentences:
        raise DataError(f"{path} has no token; each line has a token and its tag, and a blank line ends a sentence")
    return found


def _in_iob2(sentences: Sequence[Sentence]) -> tuple[list[Sentence], list[tuple[str, str]]]:
    """The sentences with chunks that begin with B, and a note for each that began with I."""
    if scheme_of(tag for one in sentences for tag in one.tags) != "iob2":
        return list(sentences), []
    changed, notes = [], []
    for one in sentences:
        step = begins_inside(one.tags)
        if step is not None:
            notes.append(("sentence: tags that begin with I- (IOB1), read as B- (IOB2)", one.place(step)))
            one = replace(one, tags=tuple(as_iob2(one.tags)))
        changed.append(one)
    return changed, notes
