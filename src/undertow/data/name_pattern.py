"""Labels from file names: a pattern such as "{digit}_{speaker}_{take}", matched in linear time.

L characters of a name, P parts of a pattern (texts and fields).
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from undertow.errors import DataError, UsageError

FIELD = re.compile(r"\{(\w+)\}")


def compile_pattern(pattern: str) -> Callable[[str], dict[str, str]]:
    """A function from a file's name to its labels: every field but those that begin with "_".

    A field is one or more characters without a slash. If a name allows several readings, earlier fields are longer. The
    time is at most proportional to P · L, whatever the pattern and the name.

    Raises:
        UsageError: the pattern has no field, or one twice.
        DataError: (by the function) a name does not fit.
    """
    parts = FIELD.split(pattern)  # text, field, text, field, … text
    fields, texts = parts[1::2], parts[::2]
    if not fields or len(set(fields)) < len(fields) or not all(field.isidentifier() for field in fields):
        raise UsageError(f"'{pattern}' is not a name pattern; write one such as '{{digit}}_{{speaker}}_{{take}}'")
    depth = pattern.count("/") + 1

    def match(name: str) -> dict[str, str]:
        stem = "/".join(Path(name).with_suffix("").parts[-depth:])
        values = _values(texts, stem)
        if values is None:
            raise DataError(f"'{name}' does not fit the name pattern '{pattern}'")
        return {field: value for field, value in zip(fields, values, strict=True) if not field.startswith("_")}

    return match


def _values(texts: Sequence[str], stem: str) -> list[str] | None:
    """The values between P / 2 + 1 texts that make up a stem, earlier ones as long as can be; None if none do."""
    if sum(map(len, texts)) + len(texts) - 1 > len(stem) or not stem.startswith(texts[0]):
        return None
    fits = [False] * (len(stem) + 1)  # at each place: whether the rest of the pattern can be the rest of the stem
    fits[len(stem) - len(texts[-1])] = stem.endswith(texts[-1])
    ends: list[list[int]] = []  # of each field, the last first: the farthest end of a value from each place, or 0
    for text in reversed(texts[:-1]):
        farthest = _farthest_ends(fits, stem)
        ends.append(farthest)
        fits = [
            after <= len(stem) and farthest[after] > 0 and stem.startswith(text, place)
            for place, after in enumerate(range(len(text), len(text) + len(stem) + 1))
        ]
    if not fits[0]:
        return None
    values, place = [], len(texts[0])
    for farthest, text in zip(reversed(ends), texts[1:], strict=True):
        values.append(stem[place : farthest[place]])
        place = farthest[place] + len(text)
    return values


def _farthest_ends(fits: Sequence[bool], stem: str) -> list[int]:
    """For each place, the farthest end of one or more characters without a slash at which the rest fits; 0 if none."""
    farthest = [0] * (len(stem) + 1)
    for place in range(len(stem) - 1, -1, -1):
        if stem[place] != "/":
            farthest[place] = farthest[place + 1] or (place + 1 if fits[place + 1] else 0)
    return farthest
