"""Files of speech units: JSON lines, and the manifest, .km and dictionary that fairseq reads.

    units.jsonl    {"file_name": "7_theo_1.wav", "units": [5, 5, 9], "duration": 0.4, "split": "train"}, a line a sound
    units.json     what the units are: rate, hop, codes of each group, the model's digest, whether runs are one unit
    units.tsv      the folder, then `path<TAB>samples` for each sound
    units.km       the units of each sound, in the order of units.tsv
    dict.km.txt    `unit count`, in order, of all .km files of the folder; every unit there is, if they are few
    units.runs.tsv `file_name<TAB>start<TAB>stop<TAB>unit` in seconds, a line a run of one unit

A unit is a number. Of a model with several groups it is a list of numbers in .jsonl, and elsewhere a word: 3_17.

L latents, G groups of codes a latent.
"""

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import Any, Literal

import numpy as np

from undertow.data.folder import ALL, SPLITS, assign_splits
from undertow.data.unit_symbols import MOST_CODES
from undertow.door import MOST_CARD, read_json, read_text
from undertow.errors import DataError, UsageError, shown
from undertow.files import atomic_write

Format = Literal["jsonl", "km", "tsv"]
SUFFIX, STEM, VALID = ".jsonl", "units", "valid"
BETWEEN = "_"  # of the codes of a word
FORMAT_VERSION = 1
DICTIONARY, MOST_WORDS = "dict.km.txt", 1 << 16  # units of several groups that are all listed, used or not
ALIKE = ("num_codes", "rate", "model")  # in all files that are read as one


@dataclass(frozen=True, eq=False)
class UnitRow:
    """The units of one sound.

    Attributes:
        name: of its file, below the folder of the data.
        codes: (L, G) int64.
        seconds: length of the sound.
        split: of its data; None if it is not known.
        num_samples: of its file.
    """

    name: str
    codes: np.ndarray
    seconds: float
    split: str | None = None
    num_samples: int = 0


@dataclass(frozen=True)
class About:
    """What units are.

    Attributes:
        num_codes: of each group.
        rate: units a second.
        hop: samples a unit; None if it is not known.
        model: the first bytes of the SHA-256 of the model's config and weights, in hexadecimal; None: not known.
        deduplicated: whether a run of one unit is written once.
    """

    num_codes: tuple[int, ...]
    rate: float | None = None
    hop: int | None = None
    model: str | None = None
    deduplicated: bool = False


def runs_of(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The runs of equal rows of codes (L, G): the codes of each (R, G), and its length (R,)."""
    starts = np.flatnonzero(np.r_[True, (codes[1:] != codes[:-1]).any(axis=1)]) if len(codes) else np.zeros(0, int)
    return codes[starts], np.diff(np.r_[starts, len(codes)])


def write_units(
    folder: Path, rows: Sequence[UnitRow], about: About, root: str, kind: Format = "jsonl", stem: str = STEM
) -> list[Path]:
    """Write units in one of the formats, each file whole or not at all, and what they are; the files.

    Args:
        folder: is made if it is missing.
        root: the folder of the sounds, for the manifest.
        stem: of the files' names.

    Raises:
        DataError: a file cannot be written, or a name has a tab or a line break, which a manifest cannot hold.
    """
    texts = FORMATS[kind](rows, about, root, stem)
    if kind == "km":
        texts[DICTIONARY] = _dictionary(folder, stem, texts[f"{stem}.km"], about)
    facts = {"format_version": FORMAT_VERSION, **about.__dict__}
    texts[f"{stem}.json"] = json.dumps({**facts, "num_codes": list(about.num_codes)}, indent=1) + "\n"
    for name, text in texts.items():
        with atomic_write(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
    return [folder / name for name in texts]


def stem_of(split: str, kind: Format) -> str:
    """What the files of a split are called: fairseq's validation is `valid`."""
    return STEM if split == ALL else VALID if (split, kind) == ("validation", "km") else split


def read_units(source: Path) -> tuple[list[UnitRow], About]:
    """The units of a .jsonl file, or of a folder with units.jsonl or with train.jsonl, validation.jsonl and test.jsonl.

    A row may have its units as numbers, lists of numbers, or a text of numbers. Without a file that says what they are,
    there is one group with as many codes as its largest unit needs. A sound without a split gets one by a hash of its
    name.

    Raises:
        DataError: there is no such file, it is damaged, its runs of units are written once, or the units of the splits
            are not of one model, rate and number of codes.
    """
    paths = [source]
    if source.is_dir():
        paths = [source / f"{STEM}{SUFFIX}"] if (source / f"{STEM}{SUFFIX}").exists() else []
        paths = paths or [one for split in SPLITS if (one := source / f"{split}{SUFFIX}").exists()]
        if not paths:
            raise DataError(f"{source} has no {STEM}{SUFFIX}; write one with `undertow units`")
    rows = [row for path in paths for row in _rows(path)]
    about = _about(paths, rows)
    for row in rows:
        if row.codes.shape[1] != len(about.num_codes) or (row.codes >= about.num_codes).any():
            raise DataError(
                f"{source}: the units of '{shown(row.name)}' are not those of {list(about.num_codes)} codes"
            )
    told = {row.name: row.split for row in rows if row.split is not None}
    splits = assign_splits([row.name for row in rows], told)
    return [UnitRow(row.name, row.codes, row.seconds, splits[row.name]) for row in rows], about


def word_of(unit: Sequence[int]) -> str:
    """A unit (G,) as a word without spaces."""
    return BETWEEN.join(map(str, unit))


def _jsonl(rows: Sequence[UnitRow], about: About, root: str, stem: str) -> dict[str, str]:
    lines = []
    for row in rows:
        units, lengths = runs_of(row.codes) if about.deduplicated else (row.codes, None)
        listed = units[:, 0].tolist() if len(about.num_codes) == 1 else units.tolist()
        line: dict[str, Any] = {"file_name": row.name, "units": listed, "duration": round(row.seconds, 6)}
        line |= {} if lengths is None else {"lengths": lengths.tolist()}
        lines.append(json.dumps(line | ({} if row.split is None else {"split": row.split})) + "\n")
    return {f"{stem}{SUFFIX}": "".join(lines)}


def _km(rows: Sequence[UnitRow], about: About, root: str, stem: str) -> dict[str, str]:
    bad = next((row.name for row in rows if {"\t", "\n", "\r"} & {*row.name}), None)
    if bad is not None:
        raise DataError(
            f"'{shown(bad)}' has a tab or a line break in its name, which a manifest cannot hold; rename it"
        )
    words = [[*map(word_of, (runs_of(row.codes)[0] if about.deduplicated else row.codes).tolist())] for row in rows]
    return {
        f"{stem}.tsv": "".join([f"{root}\n", *(f"{row.name}\t{row.num_samples}\n" for row in rows)]),
        f"{stem}.km": "".join(" ".join(row) + "\n" for row in words),
    }


def _dictionary(folder: Path, stem: str, text: str, about: About) -> str:
    """The units of a .km file that is to be written, and of those of other splits beside it."""
    counts = Counter(text.split())
    for other in {STEM, "train", VALID, "test"} - {stem}:
        if (path := folder / f"{other}.km").exists():
            counts.update(read_text(path).split())
    if len(about.num_codes) == 1 or prod(about.num_codes) <= MOST_WORDS:
        known = [*map(word_of, product(*map(range, about.num_codes)))]
    else:
        known = sorted((word for word in counts if _is_unit(word, about.num_codes)), key=_numbers)
    return "".join(f"{word} {counts[word]}\n" for word in known)


def _is_unit(word: str, num_codes: Sequence[int]) -> bool:
    """Whether a word of a file is one of these units."""
    codes = word.split(BETWEEN)
    return len(codes) == len(num_codes) and all(
        one.isascii() and one.isdecimal() and len(one) < 10 and int(one) < number
        for one, number in zip(codes, num_codes, strict=True)
    )


def _runs(rows: Sequence[UnitRow], about: About, root: str, stem: str) -> dict[str, str]:
    lines = ["file_name\tstart\tstop\tunit\n"]
    for row in rows:
        units, lengths = runs_of(row.codes)
        ends = np.minimum(lengths.cumsum() / (about.rate or 1), row.seconds)
        for unit, start, stop in zip(units.tolist(), [0.0, *ends[:-1]], ends, strict=True):
            lines.append(f"{row.name}\t{start:.4f}\t{stop:.4f}\t{word_of(unit)}\n")
    return {f"{stem}.runs.tsv": "".join(lines)}


FORMATS = {"jsonl": _jsonl, "km": _km, "tsv": _runs}


def _numbers(word: str) -> list[int]:
    return [*map(int, word.split(BETWEEN))]


def _rows(path: Path) -> list[UnitRow]:
    """The rows of a file; those of `train.jsonl` are of that split."""
    split = path.stem if path.stem in SPLITS else None
    found = []
    for line, text in enumerate(read_text(path).split("\n"), start=1):
        if text.strip():
            found.append(_row(f"{path}, line {line}", text, split))
    if not found:
        raise DataError(f"{path} has no units")
    return found


def _row(place: str, text: str, split: str | None) -> UnitRow:
    try:
        values = json.loads(text)
        units, name = values["units"], str(values["file_name"])
        units = [*map(int, units.split())] if isinstance(units, str) else units
        codes = np.asarray(units)
        seconds = float(values.get("duration", 0.0))
        if not 0 <= seconds < math.inf:
            raise ValueError
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        raise DataError(f'{place}: it must be {{"file_name": …, "units": [numbers], "duration": seconds}}') from None
    codes = codes[:, None] if codes.ndim == 1 else codes
    if "lengths" in values:
        raise DataError(f"{place}: its runs are written once; write all units, without deduplicating them")
    if codes.ndim != 2 or not codes.size or codes.dtype.kind != "i" or not 0 <= codes.min() <= codes.max() < MOST_CODES:
        raise DataError(f"{place}: the units must be whole numbers from 0 to {MOST_CODES - 1:,}, at least one")
    told = values.get("split", split)
    if told is not None and told not in SPLITS:
        raise DataError(f"{place}: the split is '{shown(told)}'; it must be {', '.join(SPLITS)}")
    return UnitRow(name, codes.astype(np.int64), seconds, told)


def _about(paths: Sequence[Path], rows: Sequence[UnitRow]) -> About:
    """What the units of files are, which must be alike."""
    told = {beside: _told(beside) for path in paths if (beside := path.with_suffix(".json")).exists()}
    if not told:
        largest = np.max(
            [row.codes.max(axis=0) for row in rows if row.codes.shape[1] == rows[0].codes.shape[1]], axis=0
        )
        return About(num_codes=tuple(int(one) + 1 for one in largest))
    (first, facts), *others = told.items()
    for beside, other in others:
        for name in ALIKE:
            if other.get(name) != facts.get(name):
                raise DataError(
                    f"{beside}: {name} is {shown(str(other.get(name)))}, but in {first.name} it is "
                    f"{shown(str(facts.get(name)))}; the units of all splits must be of one model"
                )
    return About(num_codes=tuple(facts["num_codes"]))


def _told(beside: Path) -> dict[str, Any]:
    """What a file says of the units beside it."""
    match found := read_json(beside, MOST_CARD):
        case {"format_version": 1, "num_codes": list(num_codes)} if num_codes and all(
            type(one) is int and 0 < one <= MOST_CODES for one in num_codes
        ):
            return dict(found)
    units = beside.with_suffix(SUFFIX).name
    raise DataError(f"{beside} does not say what the units of {units} are; write both with `undertow units`")


def split_rows(rows: Sequence[UnitRow], split: str, source: str) -> list[UnitRow]:
    """The rows of one split.

    Raises:
        UsageError: there is no split of that name.
        DataError: it has no rows.
    """
    if split not in SPLITS:
        raise UsageError(f"unknown split '{split}'; there are {', '.join(SPLITS)}")
    found = [row for row in rows if row.split == split]
    if not found:
        raise DataError(f"{source} has no units of the {split} split")
    return found
