"""Dictionaries of pronunciations in the layout of CMUdict: `WORD  PH1 PH2 …`, a word a line."""

import re
from pathlib import Path

from undertow.door import MOST_TABLE, read_text
from undertow.errors import DataError

COMMENTS = (";;;", "##")
VARIANT = re.compile(r"\(\d+\)\Z")  # a word's further pronunciations: READ(1), read(2)
VOWELS = frozenset({*"AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split()})  # of CMUdict, marked 0, 1 or 2
STRESS = "012"


def read_lexicon(path: Path) -> dict[str, str]:
    """Pronunciations by word in lower case, phones between spaces, without marks of stress; of several the first.

    Raises:
        DataError: the file is missing or damaged, has no word, or a line has no phones.
    """
    found: dict[str, str] = {}
    for line, text in enumerate(read_text(path, MOST_TABLE).split("\n"), start=1):
        if text.startswith(COMMENTS):
            continue
        cells = text.split(" #", 1)[0].split()
        if not cells:
            continue
        if len(cells) < 2:
            raise DataError(f"{path}, line {line}: it has no phones; a line is a word and its phones, 'three TH R IY1'")
        word = VARIANT.sub("", cells[0]).lower()
        found.setdefault(word, " ".join(without_stress(phone) for phone in cells[1:]))
    if not found:
        raise DataError(f"{path} has no word; a line is a word and its phones, 'three TH R IY1'")
    return found


def without_stress(phone: str) -> str:
    """A vowel of CMUdict without its mark of stress, AH0 as AH; any other phone, such as one with a tone, as it is."""
    return phone[:-1] if phone[-1:] in STRESS and phone[:-1].upper() in VOWELS else phone
