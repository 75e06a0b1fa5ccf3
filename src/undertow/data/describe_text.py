"""Describe text and pairs of sentences: sizes, characters, splits."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from undertow.data.lines import read_lines
from undertow.data.parallel_tables import languages_in
from undertow.data.parallel_text import open_parallel_text, parallel_files
from undertow.data.text import Text, open_text
from undertow.errors import DataError

MOST_FREQUENT = 10
NUM_CODE_POINTS = 0x110000
PERCENTILES = {"shortest": 0, "p5": 5, "median": 50, "p95": 95, "longest": 100}


def describe_text(source: str) -> dict[str, Any]:
    """Describe a named set, a file or a folder of text.

    Returns:
        `num_files`, `num_bytes`, `num_lines`, `num_carriage_returns`; `splits` (bytes of each); `skipped` (by file,
        why) and `notes`, which sum that up. If all is UTF-8, `num_characters`, `num_distinct` of them, and
        `most_frequent` with their shares; otherwise `not_utf8` (the first fault), and these figures are of bytes.

    Raises:
        UsageError: a named set of something else.
        DataError: the source does not exist, or holds no text.
    """
    text = open_text(source)
    try:
        counts = _count(np.uint32, NUM_CODE_POINTS, (part.encode("utf-32-le") for part in _texts(text)))
        units: dict[str, Any] = {"num_characters": int(counts.sum())}
        names = [chr(code) for code in _frequent(counts)]
    except DataError as error:
        counts = _count(np.uint8, 256, _blocks(text))
        units = {"not_utf8": str(error)}
        names = [f"0x{code:02x}" for code in _frequent(counts)]
    shares = (counts[_frequent(counts)] / counts.sum()).tolist()
    line_feeds, carriage_returns = np.sum([[data.count(b"\n"), data.count(b"\r")] for data in _blocks(text)], axis=0)
    return {
        "source": source,
        "num_files": len({one.path for one in text.documents}),
        "num_bytes": sum(map(len, text.documents)),
        **units,
        "num_distinct": int(np.count_nonzero(counts)),
        "num_lines": int(line_feeds),
        "num_carriage_returns": int(carriage_returns),
        "splits": {split: text.num_bytes(split) for split in text.splits},
        "most_frequent": dict(zip(names, shares, strict=True)),
        "skipped": dict(text.skipped),
        "notes": text.lines(),
    }


def describe_pairs(source: str) -> dict[str, Any]:
    """Count the pairs of sentences of a named set, of a folder with train.en, train.de and the like, or of a table.

    Returns:
        `splits`: for each, `num_pairs`, and the lengths of its sentences in `characters` and `words` by language;
        `notes`: which columns of a table were taken, and what was skipped.

    Raises:
        DataError: a file is missing or damaged, or the numbers of lines of its languages differ.
    """
    if languages := languages_in(Path(source)):
        text = open_parallel_text(source, languages)
        splits = {
            split: _measured(dict(zip(languages, zip(*(pair[:2] for pair in pairs), strict=True), strict=True)))
            for split, pairs in text.splits.items()
        }
        return {"source": source, "splits": splits, "notes": text.lines()}
    splits = {}
    for split, files in parallel_files(source).items():
        lines = {language: read_lines(file) for language, file in files.items()}
        numbers = {language: len(sentences) for language, sentences in lines.items()}
        if len(set(numbers.values())) > 1:
            raise DataError(f"{source}: {split} has {numbers} lines; all languages must have equally many")
        splits[split] = _measured(lines)
    return {"source": source, "splits": splits, "notes": []}


def _measured(lines: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The number of the pairs, and the lengths of the sentences, by language."""
    return {
        "num_pairs": len(next(iter(lines.values()))),
        "characters": {language: lengths(map(len, sentences)) for language, sentences in lines.items()},
        "words": {language: lengths(len(one.split()) for one in sentences) for language, sentences in lines.items()},
    }


def lengths(values: Iterable[float | int]) -> dict[str, float]:
    """Percentiles and mean of some lengths."""
    array = np.array([*values])
    shown = {name: float(np.percentile(array, share)) for name, share in PERCENTILES.items()}
    return shown | {"mean": float(array.mean())}


def _texts(text: Text) -> Iterable[str]:
    return (part for one in text.documents for part in one.texts())


def _blocks(text: Text) -> Iterable[bytes]:
    return (data for one in text.documents for data in one.blocks())


def _count(kind: type[np.unsignedinteger], size: int, parts: Iterable[bytes]) -> np.ndarray:
    counts = np.zeros(size, np.int64)
    for part in parts:
        counts += np.bincount(np.frombuffer(part, kind), minlength=size)
    return counts


def _frequent(counts: np.ndarray) -> np.ndarray:
    """The most frequent codes; of equally frequent ones the lower first."""
    codes = np.flatnonzero(counts)
    return codes[np.argsort(-counts[codes], kind="stable")][:MOST_FREQUENT]
