"""Characters: one symbol for each distinct character, in the order of code points."""

import warnings
from collections.abc import Iterable
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator

from undertow.alphabets.text_alphabet import OutsideError, TextAlphabet, Unit, as_text
from undertow.config import config
from undertow.errors import DataError, UsageError, counted

MOST = 65_536
MANY = 2_000
NUM_CODE_POINTS = 0x110000


def _sorted(characters: str) -> str:
    """Each character once, in the order of code points."""
    if any("\ud800" <= one <= "\udfff" for one in characters):
        raise ValueError("it holds half a surrogate pair, which is not a character")
    if len(distinct := set(characters)) > MOST:
        raise ValueError(f"it holds {counted(len(distinct), 'character')}; the limit is {MOST}")
    return "".join(sorted(distinct))


class Characters(TextAlphabet):
    """The k-th character, by code point, as symbol k."""

    unit: Unit = "character"
    has_all = False

    @config
    class Config:
        """`characters`: the whole alphabet, at most 65,536; empty: collected from the training data."""

        kind: Literal["characters"] = "characters"
        characters: Annotated[str, AfterValidator(_sorted)] = ""

    def __init__(self, config: Config) -> None:
        if not config.characters:
            raise UsageError("alphabet.characters is empty; give the characters, or collect them from text")
        super().__init__(config, [character.encode() for character in config.characters])
        codes = _code_points(config.characters)
        self._symbols = np.full(int(codes.max()) + 2, -1, np.int32)  # by code point; the last is for all above
        self._symbols[codes] = np.arange(self.num_symbols)

    def encode(self, real: str | bytes) -> np.ndarray:
        """Text, or its bytes in UTF-8, as int64 symbols (T,).

        Raises:
            OutsideError: a character is not in the alphabet.
            DataError: bytes that are not UTF-8.
        """
        text = as_text(real)
        symbols = self._found(text)
        if (symbols < 0).any():
            position = int((symbols < 0).argmax())
            raise OutsideError(text[position], position, self.config.characters)
        return symbols.astype(np.int64)

    def known(self, text: str) -> str:
        """The text without the characters that are not in the alphabet."""
        known = self._found(text) >= 0
        return text if known.all() else "".join(map(chr, _code_points(text)[known]))

    def _found(self, text: str) -> np.ndarray:
        """The symbol of each character, -1 for those that have none."""
        return self._symbols[np.minimum(_code_points(text), len(self._symbols) - 1)]


def collect(documents: Iterable[str | bytes]) -> Characters.Config:
    """The alphabet of all characters in some documents, which may come in parts.

    Raises:
        DataError: there are none, more than 65,536, or bytes that are not UTF-8.
    """
    seen = np.zeros(NUM_CODE_POINTS, bool)
    for document in documents:
        seen[_code_points(as_text(document))] = True
    codes = np.flatnonzero(seen)
    if not len(codes):
        raise DataError("the text is empty; there are no characters to collect")
    if len(codes) > MOST:
        raise DataError(f"the text has {len(codes)} different characters; the limit is {MOST}, and bytes need 256")
    if len(codes) > MANY:
        warnings.warn(f"the text has {len(codes)} different characters; bytes or sub-words need fewer", stacklevel=2)
    return Characters.Config(characters="".join(map(chr, codes)))


def _code_points(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
