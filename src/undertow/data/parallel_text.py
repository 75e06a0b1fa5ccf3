"""Parallel text: files of two languages whose lines are each other's translations, or tables of both.

All of it is read into memory.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from undertow.config import nearest, there_are
from undertow.data.catalogue import CATALOGUE, open_files
from undertow.data.folder import ALL, HELD_OUT, SPLIT_FOLDERS, assign_splits
from undertow.data.lines import read_lines
from undertow.data.parallel_tables import Columns, Pair, is_table, read_pairs
from undertow.errors import DataError, UsageError, counted

MULTI30K = {"train": "train", "validation": "val", "test": "test_2016_flickr", "test_2017": "test_2017_flickr"}
LANGUAGES = ("en", "de")  # of Multi30k
FILE_NAME = re.compile(r"(?P<stem>.+?)\.(?P<language>[^.]+)(\.gz)?")  # train.en, train.en.gz

LANGUAGE = re.compile(r"[a-z]{2,3}([-_]\w+)?")  # en, deu, pt_BR
FORMATS = {"bin", "csv", "log", "md", "npy", "npz", "tsv", "txt", "xml"}  # suffixes of files, not languages
LINKED, LINKED_SHARE = 10, 0.01  # largest group to hold out: pairs, and share of all pairs

Files = dict[str, dict[str, Path]]  # by split, by language


@dataclass(frozen=True)
class ParallelText:
    """Pairs of lines in splits.

    Attributes:
        source: the named set, folder or file.
        languages: to translate from, and to.
        splits: the pairs of each; empty splits are left out.
        num_empty: by split, pairs that were left out because one of their lines is empty.
        drawn: splits without files, taken from the train pairs by a hash of their texts.
        notes: which columns of tables were taken, one line each.
    """

    source: str
    languages: tuple[str, str]
    splits: Mapping[str, Sequence[Pair]]
    num_empty: Mapping[str, int] = field(default_factory=dict)
    drawn: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def split(self, name: str) -> Sequence[Pair]:
        """The pairs of one split, or of "all".

        Raises:
            DataError: the split is empty.
        """
        if name == ALL:
            return [pair for pairs in self.splits.values() for pair in pairs]
        if name not in self.splits:
            raise DataError(f"{self.source} has no {name} split; {there_are(self.splits)}")
        return self.splits[name]

    def lines(self) -> list[str]:
        """Notes for the user, one line each."""
        told = list(self.notes)
        told += [
            f"{self.source}, {split}: {counted(count, 'pair')} skipped: one side is empty"
            for split, count in self.num_empty.items()
            if count
        ]
        if "train" in self.splits and "validation" not in self.splits:
            told.append(f"{self.source} has no validation split: its pairs are too few, or too much alike")
        return told


def open_parallel_text(
    source: str | Path,
    languages: tuple[str, str],
    path: str | Path | None = None,
    columns: Columns | None = None,
) -> ParallelText:
    """Read parallel text in UTF-8.

    A folder holds train.en and train.de, or other languages, and perhaps validation (valid, val, dev) and
    test. A file such as talks.en is read with the files beside it that differ only in the language. A table such as
    talks.en-de.tsv, or train.tsv in a folder, has a text and its translation in each line, with a tab between them; it
    may have other columns (see `undertow.data.parallel_tables`). Each file may be
    compressed (train.en.gz). Without files of validation or test, each takes a twentieth of the train pairs by a
    hash of both texts, the same in both directions. White space around a line is left out. Pairs with an empty line
    are left out and counted.

    Args:
        source: "multi30k" (it also has a split `test_2017`), a folder, or a file.
        languages: to translate from and to, as in the files' names: ("en", "de").
        path: the named set's folder, if it is neither in UNDERTOW_DATA nor in the cache.
        columns: of tables: for each language the number of its column, from 1, or its name in the first line; by
            default they are found.

    Raises:
        UsageError: a language without files, the same language twice, a path without a named set, or columns that are
            not there.
        DataError: files are missing, are not UTF-8, or have unequal numbers of lines; there is no pair.
    """
    if tables := {} if source in CATALOGUE or path is not None else _tables(Path(source)):
        return _read_tables(str(source), tables, languages, columns or {})
    if columns:
        raise UsageError(f"data.columns is for a table (.tsv), and {source} is not one")
    files = parallel_files(source, path)
    there = sorted(next(iter(files.values())))
    for language in languages:
        if language not in there:
            raise UsageError(f"{source} has no language '{language}'{nearest(language, there)}")
    if languages[0] == languages[1]:
        raise UsageError(f"both languages are '{languages[0]}'; choose two of {', '.join(there)}")
    splits, num_empty = {}, {}
    for split, by_language in files.items():
        for language in languages:
            if language not in by_language:
                other = next(iter(by_language.values()))
                raise DataError(f"{other} has no counterpart in '{language}'")
        splits[split], num_empty[split] = _read((by_language[languages[0]], by_language[languages[1]]))
    return _split(ParallelText(str(source), languages, splits, num_empty))


def _split(text: ParallelText) -> ParallelText:
    """The text without empty splits, and with held-out pairs where no file has them."""
    if not text.splits.get("train", True):
        raise DataError(f"{text.source} has no train pair without an empty line")
    there_is = {split: pairs for split, pairs in text.splits.items() if pairs}
    if not there_is:
        raise DataError(f"{text.source} has no pair without an empty line")
    found = _held_out(there_is) if "train" in there_is else there_is
    return replace(text, splits=found, drawn=tuple(set(found) - set(there_is)))


def _tables(place: Path) -> dict[str, Path]:
    """The tables of every split: of a folder train.tsv and the like; a table alone is "train". Empty if there is none.

    A folder that has train.en and the like is not one of tables.
    """
    if is_table(place):
        return {"train": place}
    if not place.is_dir() or is_parallel(place):
        return {}
    named = [(stem, file) for file, stem, suffix in _named(place) if suffix == "tsv" and stem in SPLIT_FOLDERS]
    found = {SPLIT_FOLDERS[stem]: file for stem, file in reversed(named)}
    return {split: found[split] for split in ("train", *HELD_OUT) if split in found}


def _read_tables(source: str, tables: Mapping[str, Path], languages: tuple[str, str], columns: Columns) -> ParallelText:
    if languages[0] == languages[1]:
        raise UsageError(f"both languages are '{languages[0]}'; choose two")
    read = {split: read_pairs(file, languages, columns) for split, file in tables.items()}
    return _split(
        ParallelText(
            source,
            languages,
            {split: pairs for split, (pairs, _, _) in read.items()},
            {split: num_empty for split, (_, num_empty, _) in read.items()},
            notes=tuple(note for _, _, note in read.values()),
        )
    )


def parallel_files(source: str | Path, path: str | Path | None = None) -> Files:
    """The files of every split, by language; a single pair of files is "train".

    Raises:
        UsageError: a path without a named set.
        DataError: no two files differ only in the language.
    """
    if source in CATALOGUE:
        files = open_files(str(source), "pairs", None if path is None else Path(path))
        return {split: {one: files[f"{part}.{one}.gz"] for one in LANGUAGES} for split, part in MULTI30K.items()}
    if path is not None:
        raise UsageError(f"a path goes with a named set, and '{source}' is not one")
    place = Path(source)
    found: Files = {}
    if place.is_dir():
        for file, stem, language in _named(place):
            if stem in SPLIT_FOLDERS:
                found.setdefault(SPLIT_FOLDERS[stem], {}).setdefault(language, file)
    elif match := FILE_NAME.fullmatch(place.name):
        same = [(language, file) for file, stem, language in _named(place.parent) if stem == match["stem"]]
        found = {"train": dict(reversed(same))}
    if max(map(len, found.values()), default=0) < 2:
        raise DataError(
            f"{source} is not parallel text, which is two files such as train.en and train.de, or a table (.tsv)"
        )
    return {split: found[split] for split in ("train", *HELD_OUT) if split in found}


def is_parallel(folder: Path) -> bool:
    """Whether a folder holds a split in at least two languages, such as train.en and train.de."""
    named = [(SPLIT_FOLDERS[stem], language) for _, stem, language in _named(folder) if stem in SPLIT_FOLDERS]
    found = {(split, language) for split, language in named if LANGUAGE.fullmatch(language) and language not in FORMATS}
    return len(found) > len({split for split, _ in found})


def _named(folder: Path) -> list[tuple[Path, str, str]]:
    """The files of a folder whose names end in a language, each with its stem and its language."""
    try:
        files = sorted(file for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))
    except OSError as error:
        raise DataError(f"cannot read {folder}: {error.strerror}") from None
    matches = [(file, FILE_NAME.fullmatch(file.name)) for file in files]
    return [(file, match["stem"], match["language"]) for file, match in matches if match]


def _read(files: tuple[Path, Path]) -> tuple[list[Pair], int]:
    """The pairs of two files, and how many are left out."""
    sources, targets = map(read_lines, files)
    if len(sources) != len(targets):
        raise DataError(
            f"{files[0]} has {counted(len(sources), 'line')} and {files[1]} has {len(targets):,}; each line must "
            "translate the line of the same number"
        )
    pairs = [
        Pair(source, target, f"{files[0]}, line {number}", f"{files[1]}, line {number}")
        for number, (source, target) in enumerate(zip(sources, targets, strict=True), start=1)
        if source and target
    ]
    return pairs, len(sources) - len(pairs)


def linked(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """The group of each pair of texts, named by the first of the group's texts in order.

    Pairs that have a text in common are in one group, so that a sentence with two translations is in one split.
    """
    above: dict[str, str] = {}

    def top(text: str) -> str:
        while (parent := above.setdefault(text, text)) != text:
            above[text] = above[parent]
            text = parent
        return text

    for pair in pairs:
        first, second = sorted(map(top, pair))
        above[second] = first
    return [top(source) for source, _ in pairs]


def _held_out(splits: Mapping[str, Sequence[Pair]]) -> dict[str, Sequence[Pair]]:
    """The splits; a missing validation or test split is taken from the train pairs.

    A large group of pairs with texts in common, such as "yes" and "oh", stays in train if there are others.
    """
    missing = [split for split in HELD_OUT if split not in splits]
    if not missing:
        return dict(splits)
    groups = linked([(pair.source, pair.target) for pair in splits["train"]])
    sizes = Counter(groups)
    small = [group for group, size in sizes.items() if size <= max(LINKED, LINKED_SHARE * len(groups))]
    chosen = assign_splits(small if len(small) > len(missing) else list(sizes), {})
    parts: dict[str, list[Pair]] = {split: [] for split in ("train", *missing)}
    for group, pair in zip(groups, splits["train"], strict=True):
        split = chosen.get(group, "train")
        parts[split if split in missing else "train"].append(pair)
    found = {**splits, **parts}
    return {split: found[split] for split in ("train", *HELD_OUT) if found[split]}
