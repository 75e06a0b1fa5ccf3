"""A folder of audio: its files, their labels, and the split of each.

The named sets of `undertow.data.catalogue` are folders with a `Layout` of their own; a plain folder has the default.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from undertow.config import there_are
from undertow.data.layouts import READERS
from undertow.data.name_pattern import compile_pattern
from undertow.data.sound_formats import KNOWN, foreign, foreign_lines, is_sound
from undertow.data.tables import TABLE, Arranged, read_table
from undertow.data.walk import files_below
from undertow.errors import DataError, shown

MOST_DIGITS = 100  # of a value that counts as a number
SPLITS = ("train", "validation", "test")
EVERYWHERE = "**/*"
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


class NothingUsable(DataError):
    """A folder has no file in a split, or none that can be used."""


@dataclass(frozen=True)
class Item:
    """One audio file: its path, its name below the root, its labels, and its split."""

    path: Path
    name: str
    labels: Mapping[str, str]
    split: str

    def named(self, reason: str) -> str:
        """Why it cannot be used, in one line: its path, and that of a file beside it, are names below the root."""
        named = reason.replace(str(self.path.with_suffix("")), str(Path(self.name).with_suffix("")))
        return named.replace("\n", r"\n")  # a name may hold any character


@dataclass(frozen=True)
class Layout:
    """The layout of a folder.

    Attributes:
        glob: which files below the root are its audio.
        label_pattern: the file name without its suffix, such as "{digit}_{speaker}_{take}": every field is a label
            except those that begin with "_"; where a name allows several readings, earlier fields are longer. A slash
            makes it cover folders: "{speaker}/{digit}_{take}". None: labels are those of `metadata.csv`, if there
            is one, or of a known layout; otherwise `label` is the first sub-folder.
        split_of: the split of a file from its name and labels. None: column `split` of `metadata.csv`, the splits of a
            known layout, or a first folder named train, validation or test; for all other files a hash of the name.
        every: (n, m): in each folder every n-th file in order is test, and every m-th of the others validation.
    """

    glob: str = EVERYWHERE
    label_pattern: str | None = None
    split_of: Callable[[str, Mapping[str, str]], str] | None = None
    every: tuple[int, int] | None = None


@dataclass(frozen=True)
class Listing:
    """The files of a folder, and how they were found.

    Attributes:
        items: sorted by name.
        layout: the layout of the folder, for people.
        notes: files that were left out, and why, one line each.
    """

    items: list[Item]
    layout: str
    notes: tuple[str, ...] = ()


def list_items(root: Path, layout: Layout) -> list[Item]:
    """Every audio file of a folder, sorted by name; see `read_layout`."""
    return read_layout(root, layout).items


def read_layout(root: Path, layout: Layout) -> Listing:
    """Every audio file of a folder, sorted by name, with the labels and splits that its layout gives.

    Without a label pattern, the layout is that of `metadata.csv` if there is one (with column names, or as LJ Speech
    has it), of another well-known set (see `undertow.data.layouts`), or of plain sub-folders.

    Raises:
        DataError: there is no such folder, no audio in it, a name that does not fit the pattern, or a bad table.
    """
    names, others = _audio_names(root, layout.glob)
    if layout.label_pattern is not None:
        match = compile_pattern(layout.label_pattern)
        found = Arranged(f"name pattern {layout.label_pattern}", {name: match(name) for name in names})
    else:
        found = _arranged(root, names)
    names = [name for name in names if name in found.labels]
    told: dict[str, str]
    if layout.split_of is not None:
        told = {name: layout.split_of(name, found.labels[name]) for name in names}
    elif layout.every is not None:
        told = _nth(names, *layout.every)
    else:
        told = {name: split for name in names if (split := _told_split(name, found.told.get(name)))}
    splits = assign_splits(names, told)
    items = [Item(root / name, name, found.labels[name], splits[name]) for name in names]
    return Listing(items, found.layout, (*found.notes, *others))


def label_classes(items: Iterable[Item]) -> dict[str, list[str]]:
    """The values of each label: numbers in order, then words in order."""
    classes: dict[str, set[str]] = {}
    for item in items:
        for name, value in item.labels.items():
            classes.setdefault(name, set()).add(value)
    return {name: sorted(values, key=natural) for name, values in sorted(classes.items())}


def natural(value: str) -> tuple[bool, int, str]:
    """Sort key of values: numbers in order, then words in order."""
    return (False, int(value), value) if value.isdecimal() and len(value) <= MOST_DIGITS else (True, 0, value)


def assign_splits(names: list[str], told: Mapping[str, str], named: Collection[str] = ()) -> dict[str, str]:
    """The split of each file: the given one, otherwise train.

    A validation or test split that is given for no file, and is not `named`, takes the train files whose hash falls in
    its twentieth, and at least one if two or more are left. The hash depends only on a file's name, so a file keeps its
    split when others are added.
    """
    splits = {name: told.get(name, "train") for name in names}
    for split, (low, high) in HELD_OUT.items():
        pool = sorted((name for name in names if splits[name] == "train"), key=_hash_fraction)
        if split in named or split in splits.values() or len(pool) < 2:
            continue
        chosen = [name for name in pool if low <= _hash_fraction(name) < high] or pool[:1]
        splits.update(dict.fromkeys(chosen[: len(pool) - 1], split))
    return splits


def _audio_names(root: Path, glob: str) -> tuple[list[str], list[str]]:
    """The names of a folder's audio files, sorted, without hidden ones; and lines on what is not read."""
    if not root.is_dir():
        raise DataError(f"{root} is not a folder")
    every, others = _below(root, glob)
    names, others = [name for name in every if is_sound(name)], [*others, *foreign_lines(foreign(every))]
    if not names:
        raise DataError("; ".join([f"{root} holds no audio ({KNOWN})", *others]))
    return names, others


def _below(root: Path, glob: str) -> tuple[list[str], list[str]]:
    """The names of a folder's files, sorted, without hidden ones and those of runs; and lines on what is unreadable."""
    if glob == EVERYWHERE:
        below = files_below(root)
        return below.names, below.notes
    return sorted(path.relative_to(root).as_posix() for path in root.glob(glob) if path.is_file()), []


def _arranged(root: Path, names: list[str]) -> Arranged:
    """The first layout that the folder has."""
    for read in (read_table, *READERS.values()):
        if found := read(root, names):
            return found
    labels = folder_labels(names)
    return Arranged("sub-folders as labels" if any(labels.values()) else "files without labels", labels)


def _told_split(name: str, given: str | None) -> str | None:
    """The split that a table gives, otherwise that of the first folder, if it is named after one."""
    if given is None:
        return SPLIT_FOLDERS.get(name.split("/")[0].lower()) if "/" in name else None
    if given not in SPLIT_FOLDERS:
        raise DataError(f"{TABLE}: the split of '{name}' is '{shown(given)}'; {there_are(SPLITS)}")
    return SPLIT_FOLDERS[given]


def folder_labels(names: list[str]) -> dict[str, dict[str, str]]:
    """`label` is the first folder that is not a split; a single folder for all files is not a label."""
    labels = {}
    for name in names:
        folders = name.split("/")[:-1]
        if folders and folders[0].lower() in SPLIT_FOLDERS:
            folders = folders[1:]
        labels[name] = {"label": folders[0]} if folders else {}
    alone = len({tuple(label.items()) for label in labels.values()}) < 2
    return {name: {} for name in names} if alone else labels


def _nth(names: list[str], test: int, validation: int) -> dict[str, str]:
    """Every so manieth file of a folder is test, and of the others validation."""
    told = dict.fromkeys(names, "train")
    for folder in {name.rpartition("/")[0] for name in names}:
        inside = [name for name in names if name.rpartition("/")[0] == folder]
        held = inside[test - 1 :: test]
        others = [name for place, name in enumerate(inside, start=1) if place % test]
        told |= dict.fromkeys(held, "test") | dict.fromkeys(others[validation - 1 :: validation], "validation")
    return told


def _hash_fraction(name: str) -> float:
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()[:8], "big") / 2**64
