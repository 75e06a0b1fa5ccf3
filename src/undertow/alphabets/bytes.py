"""Bytes: 256 symbols, for any file."""

from typing import Literal

import numpy as np

from undertow.alphabets.checks import checked_symbols
from undertow.alphabets.text_alphabet import TextAlphabet, Unit, utf8
from undertow.config import config


class Bytes(TextAlphabet):
    """Byte b as symbol b: text in UTF-8, or any other data."""

    unit: Unit = "byte"

    @config
    class Config:
        """No settings: there are 256 bytes."""

        kind: Literal["bytes"] = "bytes"

    def __init__(self, config: Config) -> None:
        super().__init__(config, [bytes([value]) for value in range(256)])

    def encode(self, real: str | bytes) -> np.ndarray:
        """Bytes, or text as UTF-8, as int64 symbols (T,); bytes that the command line could not decode are restored.

        Raises:
            DataError: the text has half a surrogate pair, which has no bytes.
        """
        data = utf8(real, "surrogateescape") if isinstance(real, str) else real
        return np.frombuffer(data, np.uint8).astype(np.int64)

    def to_bytes(self, symbols: np.ndarray) -> bytes:
        """Symbols (T,) as bytes."""
        return checked_symbols(symbols, self.num_symbols).astype(np.uint8).tobytes()
