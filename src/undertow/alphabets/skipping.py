"""Texts without the characters that an alphabet lacks, which are counted."""

from collections import Counter
from typing import Any

import numpy as np

from undertow.alphabets.text_alphabet import TextAlphabet, as_text
from undertow.errors import counted

MOST_SHOWN = 5  # characters that a note names


class Skipped(Counter[str]):
    """How often each character was skipped."""

    def leave_out(self, text: str, alphabet: TextAlphabet) -> str:
        """The text without the characters that are not in the alphabet, after counting them."""
        kept = alphabet.known(text)
        if len(kept) < len(text):
            self.update(Counter(text) - Counter(kept))
        return kept

    @property
    def notes(self) -> tuple[str, ...]:
        """A note for the user: how many, and which; none if nothing was skipped."""
        if not self:
            return ()
        names = ", ".join(f"{one!r} (U+{ord(one):04X})" for one, _ in self.most_common(MOST_SHOWN))
        more = " and others" if len(self) > MOST_SHOWN else ""
        return (f"skipped {counted(self.total(), 'unknown character')}: {names}{more}",)


class Skipping(TextAlphabet):
    """An alphabet of text that skips unknown characters, where the alphabet itself refuses them.

    Attributes:
        skipped: the characters so far.
    """

    has_all = True

    def __init__(self, alphabet: TextAlphabet, skipped: Skipped) -> None:
        super().__init__(alphabet.config, alphabet.pieces)
        self.unit, self.skipped = alphabet.unit, skipped
        self._alphabet = alphabet

    def encode(self, real: str | bytes) -> np.ndarray:
        """Text, or its bytes in UTF-8, as int64 symbols (T,).

        Raises:
            DataError: bytes that are not UTF-8.
        """
        return self._alphabet.encode(self.skipped.leave_out(as_text(real), self._alphabet))

    def known(self, text: str) -> str:
        """The text without the characters that are not in the alphabet."""
        return self._alphabet.known(text)


def skipping(alphabet: Any, skipped: Skipped) -> Any:
    """An alphabet that skips and counts unknown characters; any alphabet that needs none is returned unchanged."""
    if isinstance(alphabet, TextAlphabet) and not alphabet.has_all:
        return Skipping(alphabet, skipped)
    return alphabet
