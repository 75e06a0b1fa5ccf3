"""TextGrid files of Praat (Boersma and Weenink): tiers of labelled intervals, in the long or the short form.

Both forms hold the same values in the same order; the long one names them (`xmin = 0`). As Praat does, only what stands
free is read: numbers, texts in quotation marks, in which "" is one such mark, and flags as <exists>.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from undertow.config import nearest
from undertow.data.intervals import MOST_SECONDS, Interval, in_order
from undertow.door import MOST_TABLE, decoded, read_bytes
from undertow.errors import DataError, shown

MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}  # Praat writes what is not ASCII in UTF-16
VALUE = re.compile(r'"((?:[^"]|"")*)"|(?<!\S)(-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)(?!\S)|(?<!\S)<(exists|absent)>')
COMMENT = re.compile(r"^\s*!.*$", re.MULTILINE)
INTERVALS, POINTS = "IntervalTier", "TextTier"
USUAL = ("phones", "phone", "words", "word")  # tiers of forced aligners, in the order in which one is chosen


class Value(NamedTuple):
    """A text, a number or a flag, and its line."""

    text: str | None
    number: float | None
    line: int


def read_textgrid(path: Path, tier: str | None = None) -> list[Interval]:
    """The intervals of one tier, in order; those without a text label nothing.

    Args:
        tier: its name; by default the only one of intervals, or else the one named phones, or words.

    Raises:
        DataError: the file is missing, damaged, or not a TextGrid; there is no such tier, or none was chosen of
            several; or its intervals overlap.
    """
    tiers = read_tiers(path)
    if tier is None:
        names = {name.lower(): name for name in reversed(list(tiers))}
        usual = next((names[name] for name in USUAL if name in names), None)
        tier = next(iter(tiers)) if len(tiers) == 1 else usual
        if tier is None:
            raise DataError(f"{path} has several tiers: {', '.join(map(shown, tiers))}; set data.tier to one of them")
    if tier not in tiers:
        raise DataError(f"{path} has no tier '{shown(tier)}'{nearest(tier, list(tiers))}")
    return in_order(tiers[tier], path)


def read_tiers(path: Path) -> dict[str, list[Interval]]:
    """The tiers of intervals of a file, by name; of equal names the first. Tiers of points are left out."""
    values = _values(_text(path), path)
    head = [next(values).text, next(values).text]
    if head[1] != "TextGrid":
        raise DataError(f"{path} is not a TextGrid: it does not begin with 'File type' and 'Object class \"TextGrid\"'")
    for _ in range(3):  # xmin, xmax, and that there are tiers
        next(values)
    tiers: dict[str, list[Interval]] = {}
    for _ in range(int(_number(next(values), path))):
        kind, name = _named(next(values), path), _named(next(values), path)
        next(values), next(values)
        count = int(_number(next(values), path))
        if kind not in (INTERVALS, POINTS):
            raise DataError(f"{path}: a tier is '{shown(kind)}'; it must be {INTERVALS} or {POINTS}")
        found = []
        for _ in range(count):
            if kind == INTERVALS:
                found.append(_interval(values, path))
            else:
                next(values), next(values)  # a point's time and mark
        if kind == INTERVALS:
            tiers.setdefault(name, [one for one in found if one.label])
    if not tiers:
        raise DataError(f"{path} has no tier of intervals")
    return tiers


def _interval(values: Iterator[Value], path: Path) -> Interval:
    start, stop, text = next(values), next(values), next(values)
    label = " ".join(_named(text, path).split())
    return Interval(max(0.0, _number(start, path)), _number(stop, path), label, text.line)


def _number(value: Value, path: Path) -> float:
    if value.number is None:
        raise DataError(f"{path}, line {value.line}: '{shown(value.text)}' stands where a number must")
    if not abs(value.number) <= MOST_SECONDS:
        raise DataError(f"{path}, line {value.line}: {value.number:g} is too large for a time or a number of intervals")
    return value.number


def _named(value: Value, path: Path) -> str:
    if value.text is None:
        raise DataError(f"{path}, line {value.line}: a number or flag stands where a text must")
    return value.text


def _values(text: str, path: Path) -> Iterator[Value]:
    """What stands free in a file.

    Raises:
        DataError: (as the last one is passed) the file ends too early.
    """
    line, place = 1, 0
    for found in VALUE.finditer(text):
        line, place = line + text.count("\n", place, found.start()), found.start()
        quoted, free, _ = found.groups()
        yield Value(None if quoted is None else quoted.replace('""', '"'), None if free is None else float(free), line)
    raise DataError(f"{path} is not a whole TextGrid: it ends too early")


def _text(path: Path) -> str:
    data = read_bytes(path, MOST_TABLE)
    encoding = MARKS.get(data[:2])
    if encoding is None:
        return COMMENT.sub("", decoded(data, str(path)))
    try:
        return COMMENT.sub("", data[2:].decode(encoding))
    except UnicodeDecodeError:
        raise DataError(f"{path} is not text in {encoding.upper()}, as its first two bytes say") from None
