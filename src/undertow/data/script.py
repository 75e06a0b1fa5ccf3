"""How text is written for a voice: as phones by a dictionary, or as characters, with pauses.

S symbols.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from undertow.errors import DataError, UsageError, counted, one_of, shown

Spelling = Literal["phones", "characters"]
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[,.;:!?…\n()\"—–]+", re.UNICODE)  # a word, or marks that are a pause
SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|\n+")
MOST_SENTENCE = 300  # characters of a sentence; longer ones are cut at a comma or a space
MOST_NAMED = 5
SPACE = " "


class Sentence(NamedTuple):
    """A sentence, and its symbols: indices (S,) of the script's, and their names."""

    text: str
    symbols: tuple[int, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Script:
    """What a voice reads.

    Attributes:
        symbols: names of its symbols, phones or characters, in the order of their indices.
        spells: "phones" or "characters".
        pause: the symbol of silence, which is written at the ends of a sentence and at commas; None: there is none, and
            marks are characters like others.
        words: pronunciations by word in lower case, phones between spaces; None of characters.
    """

    symbols: Sequence[str]
    spells: Spelling
    pause: str | None = None
    words: Mapping[str, str] = field(default_factory=dict)

    def read(self, text: str, words: Mapping[str, str] | None = None) -> Sentence:
        """A sentence as symbols.

        Args:
            words: further pronunciations, which come before the script's own.

        Raises:
            DataError: it has no word, or words or characters that are not known; the message names them.
        """
        tidy = unicodedata.normalize("NFC", text).replace("’", "'")
        names = self._phones(tidy, words or {}) if self.spells == "phones" else self._characters(tidy)
        index = {name: number for number, name in enumerate(self.symbols)}
        unknown = [name for name in dict.fromkeys(names) if name not in index]
        if unknown:
            kind = "phone" if self.spells == "phones" else "character"
            raise DataError(f"'{shown(text)}': the voice does not know {_named(unknown, kind)}")
        return Sentence(" ".join(text.split()), tuple(index[name] for name in names), tuple(names))

    def _phones(self, text: str, words: Mapping[str, str]) -> list[str]:
        names: list[str] = []
        unknown: list[str] = []
        for found in WORD.finditer(text):
            word = found[0].lower()
            if not word[0].isalnum():
                names += [] if not names or names[-1] == self.pause or self.pause is None else [self.pause]
                continue
            said = words.get(word, self.words.get(word))
            if said is None:
                unknown.append(word)
            else:
                names += said.split()
        if unknown:
            raise DataError(f"'{shown(text)}': {_unknown_words(unknown)}")
        return self._between_pauses(text, names)

    def _characters(self, text: str) -> list[str]:
        if self.pause is None:  # marks are characters
            names = list(" ".join(text.split()))
            if not names:
                raise _nothing(text)
            return names if all(name in self.symbols for name in names) else [one.lower() for one in names]
        names = []
        for found in WORD.finditer(text):
            word = found[0].lower()
            if not word[0].isalnum():
                names += [] if not names or names[-1] == self.pause else [self.pause]
            else:
                names += ([SPACE] if names and names[-1] != self.pause else []) + list(word)
        return self._between_pauses(text, names)

    def _between_pauses(self, text: str, names: list[str]) -> list[str]:
        if not any(name != self.pause for name in names):
            raise _nothing(text)
        if self.pause is None:
            return names
        inside = names[: -1 if names[-1] == self.pause else None]
        return [self.pause, *inside, self.pause]


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text that have a word, in order; a line break ends one, and a very long one is cut.

    Raises:
        DataError: (at once) there is no word.
    """
    parts = [part for piece in SENTENCE_END.split(text) for part in _cut(piece.strip()) if has_word(part)]
    if not parts:
        raise _nothing(text)
    return iter(parts)


def words_of(text: str) -> list[str]:
    """The words of a text, in lower case."""
    found = (one[0].lower() for one in WORD.finditer(unicodedata.normalize("NFC", text).replace("’", "'")))
    return [word for word in found if word[0].isalnum()]


def has_word(text: str) -> bool:
    """Whether a text has a letter or a digit."""
    return any(one.isalnum() for one in text)


def _cut(sentence: str) -> Iterator[str]:
    while len(sentence) > MOST_SENTENCE:
        head = sentence[:MOST_SENTENCE]
        place = max(head.rfind(", "), head.rfind("; ")) + 1 or head.rfind(" ") + 1 or MOST_SENTENCE
        yield sentence[:place].strip()
        sentence = sentence[place:].strip()
    yield sentence


def _nothing(text: str) -> UsageError:
    return UsageError(f"the text '{shown(text)}' has no word to speak" if text.strip() else "the text is empty")


def _unknown_words(words: Sequence[str]) -> str:
    numbers = [word for word in words if any(one.isdigit() for one in word)]
    told = f"the voice does not know {_named(list(dict.fromkeys(words)), 'word')}; give a dictionary with "
    told += "pronunciations (--dictionary), or write other words"
    return told + (f"; write numbers as words, {one_of(['3 as three', '2nd as second'])}" if numbers else "")


def _named(names: Sequence[str], kind: str) -> str:
    listed = ", ".join(f"'{shown(name)}'" for name in names[:MOST_NAMED])
    more = f" and {counted(len(names) - MOST_NAMED, 'other')}" if len(names) > MOST_NAMED else ""
    return f"the {kind}{'s' * (len(names) != 1)} {listed}{more}"
