"""The interface of an alphabet of text: each symbol stands for some bytes of UTF-8.

B texts, T symbols.
"""

import codecs
import unicodedata
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from torch import Tensor

from undertow.alphabets.alphabet import Alphabet, Real
from undertow.alphabets.checks import centred, checked_symbols
from undertow.errors import DataError, counted

Unit = Literal["byte", "character", "token"]
BYTES = "with alphabet.kind=bytes, which reads any text"
SHOWN = 100  # characters of an alphabet that a message lists


class OutsideError(DataError):
    """A character that is not in the alphabet; `position` in the text counts from 0, the message from 1."""

    option = "skip_unknown"

    def __init__(self, character: str, position: int, known: str, where: str = "") -> None:
        self.character, self.position, self.known = character, position, known
        name = f"character {character!r} (U+{ord(character):04X}) at position {position + 1}"
        super().__init__(f"{where and where + ': '}{name} is not in the alphabet{_help(character, known)}")

    def moved(self, num_characters: int, where: str) -> "OutsideError":
        """The same error for the text called `where`, if the encoded part begins `num_characters` into it."""
        return OutsideError(self.character, self.position + num_characters, self.known, where)


class IncrementalDecoder:
    """Decodes symbols piece by piece; an incomplete character waits for the rest of its bytes."""

    def __init__(self, alphabet: "TextAlphabet") -> None:
        self._to_bytes = alphabet.to_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, symbols: Any) -> str:
        """The text that symbols (T,), or one symbol, complete; all pieces joined equal the result of `decode`.

        Raises:
            DataError: a symbol is outside the alphabet.
        """
        return self._decoder.decode(self._to_bytes(np.atleast_1d(symbols)))

    def end(self) -> str:
        """The rest: U+FFFD for a character that was never completed."""
        return self._decoder.decode(b"", final=True)


class TextAlphabet(Alphabet):
    """Text as symbols that each stand for a fixed string of bytes; nothing is changed, not even line ends.

    Attributes:
        pieces: the UTF-8 bytes each symbol stands for, (num_symbols,).
        unit: name of a symbol.
        has_all: whether every text can be encoded.
    """

    real: Real = "text"
    unit: Unit
    has_all: bool = True

    def __init__(self, config: Any, pieces: Sequence[bytes]) -> None:
        self.config = config
        self.pieces = pieces
        self.num_symbols = len(pieces)
        self._lengths = np.array([len(piece) for piece in pieces])

    @property
    def file_facts(self) -> dict[str, Any]:
        return {**super().file_facts, "symbols": list(self.pieces)}

    @abstractmethod
    def encode(self, real: str | bytes) -> np.ndarray:
        """Text, or its bytes, as int64 symbols (T,).

        Raises:
            OutsideError: a character is not in the alphabet.
            DataError: bytes that are not UTF-8, where symbols are made of characters.
        """

    def known(self, text: str) -> str:
        """The text without the characters that are not in the alphabet."""
        return text

    def decode(self, symbols: np.ndarray) -> str | list[str]:
        """Symbols (T,) as text, or (B, T) as B texts; bytes that are not UTF-8 become U+FFFD.

        Raises:
            DataError: a symbol is outside the alphabet.
        """
        codes = np.asarray(symbols)
        if codes.ndim == 2:
            return [self.to_bytes(row).decode("utf-8", "replace") for row in codes]
        return self.to_bytes(codes).decode("utf-8", "replace")

    def to_bytes(self, symbols: np.ndarray) -> bytes:
        """The bytes that symbols (T,) stand for, exactly.

        Raises:
            DataError: a symbol is outside the alphabet.
        """
        codes = checked_symbols(symbols, self.num_symbols)
        assert codes.ndim == 1, f"symbols have shape {codes.shape}; (T,) is one text"
        return b"".join(map(self.pieces.__getitem__, codes.tolist()))

    def num_bytes(self, symbols: np.ndarray) -> int:
        """Number of bytes that symbols of any shape stand for."""
        return int(self._lengths[checked_symbols(symbols, self.num_symbols)].sum())

    def decoder(self) -> IncrementalDecoder:
        """A decoder for one text that comes in pieces."""
        return IncrementalDecoder(self)

    def to_scalar(self, symbols: Tensor) -> Tensor:
        """Symbols as 2q / (num_symbols - 1) - 1 in [-1, 1], in torch's default dtype; the start symbol is 0.0."""
        return centred(symbols, self.num_symbols)


def as_text(real: str | bytes) -> str:
    """Text; bytes are decoded as UTF-8.

    Raises:
        DataError: the bytes are not UTF-8; the message gives the position.
    """
    if isinstance(real, str):
        return real
    try:
        return real.decode("utf-8")
    except UnicodeDecodeError as error:
        raise not_utf8(real[error.start], error.start) from None


def utf8(text: str, errors: str = "strict") -> bytes:
    """Text as UTF-8; with "surrogateescape", bytes that the command line could not decode are restored.

    Raises:
        DataError: the text has half a surrogate pair, which has no bytes.
    """
    try:
        return text.encode("utf-8", errors)
    except UnicodeEncodeError as error:
        where = f"U+{ord(text[error.start]):04X} at position {error.start + 1}"
        raise DataError(f"{where} is half a character; it has no UTF-8 bytes") from None


def not_utf8(byte: int, position: int, where: str = "") -> DataError:
    """The error for text in another encoding: `byte` at `position`, which counts from 0, in the message from 1."""
    return DataError(
        f"{where or 'this'} is not UTF-8 text: byte 0x{byte:02x} at position {position + 1}; convert it to UTF-8, "
        f"or train {BYTES}"
    )


def _help(character: str, known: str) -> str:
    """The character that was probably meant, or the alphabet; and an alphabet that has all."""
    plain = unicodedata.normalize("NFKD", character)[:1]
    near = next((one for one in (plain, character.swapcase()) if one in known and one != ""), None)
    if near is not None:
        return f", but {near!r} is; use that, or train {BYTES}"
    shown = f"{known[:SHOWN]!r}{' …' if len(known) > SHOWN else ''}"
    return f", which has {counted(len(known), 'character')}: {shown}; remove it, or train {BYTES}"
