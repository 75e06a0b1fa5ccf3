"""Labelled texts: the user's own tables, and Multi30k's sentences with their language.

A table is read into memory as a whole.

N texts, T symbols.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from undertow.alphabets.text_alphabet import OutsideError, TextAlphabet
from undertow.config import there_are
from undertow.data.catalogue import CATALOGUE, open_files
from undertow.data.folder import ALL, SPLIT_FOLDERS, SPLITS, assign_splits, natural
from undertow.data.lines import read_lines
from undertow.data.parallel_text import LANGUAGES, MULTI30K
from undertow.data.sequences import SequenceSet
from undertow.data.tables import check_once
from undertow.door import read_text
from undertow.errors import DataError, UsageError, counted, shown

DELIMITERS = {".csv": ",", ".tsv": "\t"}
SECOND_COLUMN, SPLIT_COLUMN = "text_b", "split"
MULTI30K_CLASSES = tuple(sorted(LANGUAGES))


class LabelledText(NamedTuple):
    """A text, its class, and its name in messages."""

    text: str
    label: str
    name: str


@dataclass(frozen=True)
class LabelledTexts:
    """Labelled texts in splits.

    Attributes:
        source: the named set or the file.
        label: name of the label: "language", or the table's column.
        classes: of all splits: numbers in order, then words in order.
        splits: the texts of each; empty splits are left out.
        skipped: for each row that was left out, its name and why.
        repeated: by split, names of its texts that the train split has too.
    """

    source: str
    label: str
    classes: tuple[str, ...]
    splits: Mapping[str, Sequence[LabelledText]]
    skipped: Mapping[str, str] = field(default_factory=dict)
    repeated: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def split(self, name: str) -> Sequence[LabelledText]:
        """The texts of one split, or of "all".

        Raises:
            DataError: the split is empty.
        """
        if name == ALL:
            return [row for rows in self.splits.values() for row in rows]
        if name not in self.splits:
            raise DataError(f"{self.source} has no {name} split; {there_are(self.splits)}")
        return self.splits[name]

    def check_learnable(self) -> None:
        """Refuse texts that no classifier can be trained on.

        Raises:
            DataError: there are fewer than two classes, or no text of one in the train split.
        """
        if len(self.classes) < 2:
            only = self.classes[0]
            raise DataError(f"every text of {self.source} has the class '{only}'; a classifier needs two or more")
        seen = {row.label for row in self.splits.get("train", ())}
        unseen = [name for name in self.classes if name not in seen]
        if unseen:
            raise DataError(
                f"{self.source} has no text of the class '{unseen[0]}' in its train split, so it cannot be learnt"
            )

    def encode(self, name: str, alphabet: TextAlphabet) -> SequenceSet:
        """One split, or "all", as symbols of the smallest unsigned type, (T,) each; a label is the index of a class.

        Raises:
            DataError: the split is empty, or a text has a character outside the alphabet.
        """
        rows = self.split(name)
        index = {value: number for number, value in enumerate(self.classes)}
        dtype = np.min_scalar_type(alphabet.num_symbols - 1)
        symbols = [_encode(row, alphabet).astype(dtype) for row in rows]
        labels = {self.label: np.array([index[row.label] for row in rows])}
        return SequenceSet(symbols, labels, [row.name for row in rows])

    def lines(self) -> list[str]:
        """Notes for the user, one line each."""
        counts = Counter(self.skipped.values())
        first = {reason: name for name, reason in reversed(list(self.skipped.items()))}
        skipped = [
            f"{counted(count, 'row')} skipped: {reason} (first: {first[reason]})" for reason, count in counts.items()
        ]
        return skipped + [
            f"{len(names)} of {len(self.splits[split])} {split} texts are also in the train split (first: {names[0]})"
            for split, names in self.repeated.items()
        ]


def open_labelled_text(
    source: str | Path,
    path: str | Path | None = None,
    *,
    text_column: str = "text",
    label_column: str = "label",
    separator: str = "\n",
) -> LabelledTexts:
    """Read texts with a class each.

    A table is a .csv or .tsv file in UTF-8. Its first line names the columns: the text, the label, perhaps `text_b`,
    a second text that follows the first and a separator, and perhaps `split` (train, validation or test). A split
    that no row names takes a twentieth of the train texts, by a hash of the text, but leaves one of each
    class. So equal texts are in one split, unless the column says otherwise; then their number is reported. Rows
    without a text or a label are skipped and reported.

    Args:
        source: "multi30k" (sentences in English and German, label `language`), or a table.
        path: the named set's folder, if it is neither in UNDERTOW_DATA nor in the cache.
        text_column, label_column: of a table.
        separator: between the two texts of a row.

    Raises:
        UsageError: a named set of another kind, a path without a named set, or a file of another kind.
        DataError: the file is missing or not in UTF-8, a column is missing, a row is broken, or a split is unknown.
    """
    if source in CATALOGUE:
        files = open_files(str(source), "pairs", None if path is None else Path(path))
        sentences = {split: list(_sentences(files, MULTI30K[split])) for split in SPLITS}
        return LabelledTexts(str(source), "language", MULTI30K_CLASSES, sentences)
    if path is not None:
        raise UsageError(f"a path goes with a named set, and '{source}' is not one")
    return _open_table(Path(source), text_column, label_column, separator)


def _open_table(path: Path, text_column: str, label_column: str, separator: str) -> LabelledTexts:
    skipped: dict[str, str] = {}
    rows, told = [], []
    for name, cells in _read_table(path, (text_column, label_column)):
        text = separator.join(part for part in (cells[text_column], cells.get(SECOND_COLUMN, "")) if part.strip())
        label = cells[label_column].strip()
        if text and label:
            rows.append(LabelledText(text, label, name))
            told.append(_told_split(cells, name))
        else:
            skipped[name] = f"no {label_column}" if text else "no text"
    if not rows:
        raise DataError(f"{path} has no row with a {text_column} and a {label_column}")
    splits = {split: texts for split, texts in _split(rows, told).items() if texts}
    seen = {row.text for row in splits.get("train", ())}
    repeated = {
        split: names
        for split, texts in splits.items()
        if split != "train" and (names := [row.name for row in texts if row.text in seen])
    }
    classes = tuple(sorted({row.label for row in rows}, key=natural))
    return LabelledTexts(str(path), label_column, classes, splits, skipped, repeated)


def _encode(row: LabelledText, alphabet: TextAlphabet) -> np.ndarray:
    try:
        return alphabet.encode(row.text)
    except OutsideError as error:
        raise error.moved(0, row.name) from None


def _read_table(path: Path, needed: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Each row of a table by its columns, with its name: the file and the line it ends in."""
    delimiter = DELIMITERS.get(path.suffix.lower())
    if delimiter is None:
        sets = ", ".join(name for name, entry in CATALOGUE.items() if entry.kind == "pairs")
        raise UsageError(f"'{path}' is neither a table (.csv, .tsv) nor a named set of labelled text ({sets})")
    text = read_text(path)
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))  # the default is 128 KB a cell
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = list(reader.fieldnames or [])
        check_once(path, columns, [*needed, SECOND_COLUMN, SPLIT_COLUMN])
        missing = [name for name in needed if name not in columns]
        if missing:
            there = ", ".join(f"'{name[:40]}'" for name in columns[:9]) or "nothing"
            raise DataError(f"{path} has no column '{missing[0]}'; its first line names the columns, which are {there}")
        for row in reader:
            name = f"{path}, line {reader.line_num}"
            if None in row or None in row.values():
                raise DataError(f"{name}: it must have {counted(len(columns), 'cell')}, like the first line")
            yield name, row
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num + 1}: {error}") from None


def _told_split(row: Mapping[str, str], name: str) -> str | None:
    value = row.get(SPLIT_COLUMN, "").strip()
    if value and value.lower() not in SPLIT_FOLDERS:
        raise DataError(f"{name}: the split is '{shown(value)}'; {there_are(SPLITS)}")
    return SPLIT_FOLDERS[value.lower()] if value else None


def _split(rows: Sequence[LabelledText], told: Sequence[str | None]) -> dict[str, list[LabelledText]]:
    """Rows by split: as given, otherwise by a hash of the text; one of each class stays in train."""
    pairs = list(zip(rows, told, strict=True))
    known = {row.text: split for row, split in pairs if split is not None}
    known |= {row.text: split for row, split in pairs if split == "train"}
    kept = {*{row.label: row.text for row in rows if known.get(row.text, "train") == "train"}.values()}
    others = dict.fromkeys(row.text for row in rows if row.text not in kept)
    named = {split for split in told if split is not None}
    chosen = dict.fromkeys(kept, "train") | assign_splits(list(others), known, named)
    splits: dict[str, list[LabelledText]] = {split: [] for split in SPLITS}
    for row, split in pairs:
        splits[chosen[row.text] if split in (None, "train") else split].append(row)
    return splits


def _sentences(files: Mapping[str, Path], part: str) -> Iterator[LabelledText]:
    """The sentences of a part of Multi30k in both languages."""
    for language in MULTI30K_CLASSES:
        for number, line in enumerate(read_lines(files[f"{part}.{language}.gz"]), start=1):
            if line:
                yield LabelledText(line, language, f"{part}.{language}, line {number}")
