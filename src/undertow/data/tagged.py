"""Sequences of tokens with a tag each: their splits, their classes, and their symbols.

N sentences, T tokens, E elements of a token.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from undertow.config import nearest, there_are
from undertow.data.catalogue import CATALOGUE, open_files
from undertow.data.folder import ALL, SPLIT_FOLDERS, SPLITS, assign_splits, natural
from undertow.data.named_set import Kind
from undertow.data.sequences import SequenceSet
from undertow.data.walk import files_below
from undertow.errors import DataError, UsageError, counted

TEXTS = (".txt", ".conll", ".conllu", ".iob", ".iob2", ".bio", ".tsv", ".gz", ".utf8")


@dataclass(frozen=True)
class Sentence:
    """Tokens, a tag for each, their file, and the number of the first one's line; tokens of words share a line."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    file: str
    line: int
    one_line: bool = False

    def place(self, token: int) -> str:
        """Where a token is, for messages."""
        return f"{self.file}, line {self.line if self.one_line else self.line + token}"


@dataclass(frozen=True)
class Read:
    """The sentences of a file, and notes for the user."""

    sentences: Sequence[Sentence]
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class TaggedSet:
    """Sentences in splits.

    Attributes:
        source: the named set, file or folder.
        splits: the sentences of each; empty splits are left out.
        notes: lines for the user on what was changed or left out.
    """

    source: str
    splits: Mapping[str, Sequence[Sentence]]
    notes: Sequence[str] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """The tags of all splits, in order."""
        every = {tag for part in self.splits.values() for one in part for tag in one.tags}
        return tuple(sorted(every, key=natural))

    def split(self, name: str) -> Sequence[Sentence]:
        """The sentences of one split, or of "all".

        Raises:
            DataError: the split is empty.
        """
        if name == ALL:
            return [one for part in self.splits.values() for one in part]
        if name not in self.splits:
            raise DataError(f"{self.source} has no {name} split; {there_are(self.splits)}")
        return self.splits[name]

    def encode(self, name: str, alphabet: Any, label: str, classes: Sequence[str]) -> SequenceSet:
        """One split as symbols (T, E), with the index of each token's tag as a label of each step.

        Raises:
            DataError: the split is empty, or a tag is not one of the classes; the message gives its line.
        """
        sentences = self.split(name)
        index = {tag: number for number, tag in enumerate(classes)}
        labels = [_indices(one, index) for one in sentences]
        symbols = [alphabet.encode(one.tokens).astype(np.int32) for one in sentences]
        return SequenceSet(symbols, {label: labels}, [one.place(0) for one in sentences])


def open_tagged(source: str | Path, path: str | Path | None, kind: Kind, read: Callable[[Path], Read]) -> TaggedSet:
    """Find sentences and sort them into splits.

    A folder has a file for each split, named train, dev or valid, and test; where there is no train file, dev is to
    train on. Of one file, and where a split has no file, validation and test each take a twentieth of the sentences to
    train on, by a hash of their tokens; so equal sentences are in one split.

    Args:
        source: a named set, a file, or a folder.
        path: a named set's folder, if it is neither in UNDERTOW_DATA nor in the cache.
        kind: of named sets.
        read: reads a file.

    Raises:
        UsageError: a named set of another kind, or `path` without a named set.
        DataError: the source does not exist, has no sentence to train on, or a file cannot be read.
    """
    if source in CATALOGUE:
        found = open_files(str(source), kind, None if path is None else Path(path))
        files = _by_split(source, list(found.values()))
    else:
        sets = [name for name, entry in CATALOGUE.items() if entry.kind == kind]
        if path is not None:
            raise UsageError(f"a path goes with a named set, and '{source}' is not one{nearest(str(source), sets)}")
        where = Path(source)
        if not where.exists():
            raise DataError(f"'{source}' is not a file, a folder or a named set of {kind}{nearest(str(source), sets)}")
        files = _by_split(source, [where / name for name in _texts(where)]) if where.is_dir() else {"train": where}
    parts = {split: read(file) for split, file in files.items()}
    sentences = {split: list(part.sentences) for split, part in parts.items()}
    if not sentences.get("train"):
        raise DataError(f"{source} has no sentence to train on")
    return TaggedSet(str(source), _held_out(sentences), [note for part in parts.values() for note in part.notes])


def _texts(folder: Path) -> list[str]:
    return [name for name in files_below(folder, TEXTS).names if "/" not in name]


def _by_split(source: str | Path, files: Sequence[Path]) -> dict[str, Path]:
    """The file of each split, by its name."""
    found: dict[str, Path] = {}
    for file in files:
        split = SPLIT_FOLDERS.get(file.name.split(".")[0].lower())
        if split is None:
            continue
        if split in found:
            raise DataError(f"{found[split]} and {file} are both of the {split} split; keep one of them")
        found[split] = file
    if not found:
        named = ", ".join(file.name for file in files[:5]) or "no text"
        raise DataError(f"{source} has no file named train, dev or test, such as train.txt; it has {named}")
    if "train" not in found and "validation" in found:
        found["train"] = found.pop("validation")
    return {split: found[split] for split in SPLITS if split in found}


def _held_out(sentences: Mapping[str, Sequence[Sentence]]) -> dict[str, list[Sentence]]:
    """The splits, where those that are not given take some of the sentences to train on."""
    keys = ["\n".join(one.tokens) for one in sentences["train"]]
    taken = assign_splits(list(dict.fromkeys(keys)), {}, [split for split in sentences if split != "train"])
    splits: dict[str, list[Sentence]] = {split: list(sentences.get(split, ())) for split in SPLITS}
    splits["train"] = []
    for key, one in zip(keys, sentences["train"], strict=True):
        splits[taken[key]].append(one)
    return {split: part for split, part in splits.items() if part}


def _indices(sentence: Sentence, index: Mapping[str, int]) -> np.ndarray:
    """(T,) the index of each tag."""
    for number, tag in enumerate(sentence.tags):
        if tag not in index:
            where = sentence.place(number)
            raise DataError(f"{where}: the model does not know the tag '{tag}'{nearest(tag, list(index))}")
    return np.array([index[tag] for tag in sentence.tags], np.int64)


def lines_of(notes: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Each kind of note once, with how often it came and where first."""
    first: dict[str, str] = {}
    counts: dict[str, int] = {}
    for noun, place in notes:
        first.setdefault(noun, place)
        counts[noun] = counts.get(noun, 0) + 1
    for noun, count in counts.items():
        what, _, rest = noun.partition(": ")
        yield f"{counted(count, what)}: {rest} (first: {first[noun]})"
