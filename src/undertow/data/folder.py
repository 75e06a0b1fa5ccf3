"""A folder of audio: its files, their labels, and the split of each.

The named sets of `undertow.data.catalogue` are folders with a `Layout` of their own; a plain folder has the default.
"""

import csv
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from undertow.config import there_are
from undertow.data.audio import SUFFIXES
from undertow.data.name_pattern import compile_pattern
from undertow.errors import DataError

SPLITS = ("train", "validation", "test")
ALL = "all"  # every split together
HELD_OUT = {"validation": (0.0, 0.05), "test": (0.05, 0.1)}  # shares of the files, by a hash of the name
SPLIT_FOLDERS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
TABLE = "metadata.csv"
TABLE_FILE_COLUMNS = ("file", "file_name")


@dataclass(frozen=True)
class Item:
    """One audio file: its path, its name below the root, its labels, and its split."""

    path: Path
    name: str
    labels: Mapping[str, str]
    split: str


@dataclass(frozen=True)
class Layout:
    """The layout of a folder.

    Attributes:
        glob: which files below the root are its audio.
        label_pattern: the file name without its suffix, such as "{digit}_{speaker}_{take}": every field is a label
            except those that begin with "_"; where a name allows several readings, earlier fields are longer. A slash
            makes it cover folders: "{speaker}/{digit}_{take}". None: labels are columns of `metadata.csv`, if there
            is one; otherwise `label` is the first sub-folder.
        split_of: the split of a file from its name and labels. None: column `split` of `metadata.csv`, or a first
            folder named train, validation or test; for all other files a hash of the name.
    """

    glob: str = "**/*"
    label_pattern: str | None = None
    split_of: Callable[[str, Mapping[str, str]], str] | None = None


def list_items(root: Path, layout: Layout) -> list[Item]:
    """Every audio file of a folder, sorted by name.

    Raises:
        DataError: there is no such folder, no audio in it, a name that does not fit the pattern, or a bad metadata.csv.
    """
    names = _audio_names(root, layout.glob)
    table = _read_table(root, names) if layout.label_pattern is None else {}
    if layout.label_pattern is not None:
        match = compile_pattern(layout.label_pattern)
        labels = {name: match(name) for name in names}
    elif table:
        labels = {name: {key: value for key, value in table.get(name, {}).items() if key != "split"} for name in names}
    else:
        labels = _folder_labels(names)
    if layout.split_of is not None:
        told: dict[str, str] = {name: layout.split_of(name, labels[name]) for name in names}
    else:
        told = {name: split for name in names if (split := _told_split(name, table.get(name, {})))}
    splits = assign_splits(names, told)
    return [Item(root / name, name, labels[name], splits[name]) for name in names]


def label_classes(items: Iterable[Item]) -> dict[str, list[str]]:
    """The values of each label: numbers in order, then words in order."""
    classes: dict[str, set[str]] = {}
    for item in items:
        for name, value in item.labels.items():
            classes.setdefault(name, set()).add(value)
    return {name: sorted(values, key=natural) for name, values in sorted(classes.items())}


def natural(value: str) -> tuple[bool, int, str]:
    """Sort key of values: numbers in order, then words in order."""
    return (False, int(value), value) if value.isdecimal() else (True, 0, value)


def assign_splits(names: list[str], told: Mapping[str, str]) -> dict[str, str]:
    """The split of each file: the given one, otherwise train.

    A validation or test split that is given for no file takes the train files whose hash falls in its twentieth,
    and at least one if two or more are left. The hash depends only on a file's name, so a file keeps its split when
    others are added.
    """
    splits = {name: told.get(name, "train") for name in names}
    for split, (low, high) in HELD_OUT.items():
        pool = sorted((name for name in names if splits[name] == "train"), key=_hash_fraction)
        if split in splits.values() or len(pool) < 2:
            continue
        chosen = [name for name in pool if low <= _hash_fraction(name) < high] or pool[:1]
        splits.update(dict.fromkeys(chosen[: len(pool) - 1], split))
    return splits


def _audio_names(root: Path, glob: str) -> list[str]:
    if not root.is_dir():
        raise DataError(f"{root} is not a folder")
    paths = (path for path in root.glob(glob) if path.suffix.lower() in SUFFIXES and path.is_file())
    names = sorted(path.relative_to(root).as_posix() for path in paths)
    names = [name for name in names if not any(part.startswith(".") for part in name.split("/"))]
    if not names:
        raise DataError(f"{root} holds no audio ({', '.join(suffix[1:] for suffix in SUFFIXES)})")
    return names


def _read_table(root: Path, names: list[str]) -> dict[str, dict[str, str]]:
    """metadata.csv by file name: its other columns, blank cells left out."""
    path = root / TABLE
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            columns, rows = list(reader.fieldnames or []), list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is not a comma-separated table in UTF-8 ({error})") from None
    file_column = next((column for column in TABLE_FILE_COLUMNS if column in columns), None)
    if file_column is None:
        raise DataError(f"{path} has no column 'file'; add one, or give the labels by a name pattern")
    known, table = set(names), {}
    for line, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise DataError(f"{path}, line {line}: it must have {len(columns)} cells, like the first line")
        name = row.pop(file_column)
        if name not in known:
            raise DataError(f"{path}, line {line}: there is no audio file '{name}' in the folder")
        table[name] = {key: value for key, value in row.items() if value}
    return table


def _told_split(name: str, row: Mapping[str, str]) -> str | None:
    split = SPLIT_FOLDERS.get(row.get("split", ""))
    if "split" in row and split is None:
        raise DataError(f"{TABLE}: the split of '{name}' is '{row['split']}'; {there_are(SPLITS)}")
    return split or (SPLIT_FOLDERS.get(name.split("/")[0].lower()) if "/" in name else None)


def _folder_labels(names: list[str]) -> dict[str, dict[str, str]]:
    """`label` is the first folder that is not a split; a single folder for all files is not a label."""
    labels = {}
    for name in names:
        folders = name.split("/")[:-1]
        if folders and folders[0].lower() in SPLIT_FOLDERS:
            folders = folders[1:]
        labels[name] = {"label": folders[0]} if folders else {}
    alone = len({tuple(label.items()) for label in labels.values()}) < 2
    return {name: {} for name in names} if alone else labels


def _hash_fraction(name: str) -> float:
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()[:8], "big") / 2**64
