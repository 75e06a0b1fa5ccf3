"""Bytes: 256 symbols, which any file is made of."""

from typing import Literal

import numpy as np

from undertow.alphabets.symbols import checked_symbols
from undertow.alphabets.text_alphabet import TextAlphabet, Unit, utf8
from undertow.config import config


class Bytes(TextAlphabet):
    """Byte b as symbol b: text in UTF-8, and whatever else there is."""

    unit: Unit = "byte"

    @config
    class Config:
        """Nothing to choose: there are 256 bytes."""

        kind: Literal["bytes"] = "bytes"

    def __init__(self, config: Config) -> None:
        super().__init__(config, [bytes([value]) for value in range(256)])

    def encode(self, real: str | bytes) -> np.ndarray:
        """Bytes, or text as UTF-8, as int64 symbols (T,); undecoded bytes of a command line come back as they were.

        Raises:
            DataError: half a surrogate pair, which has no bytes.
        """
        data = utf8(real, "surrogateescape") if isinstance(real, str) else real
        return np.frombuffer(data, np.uint8).astype(np.int64)

    def to_bytes(self, symbols: np.ndarray) -> bytes:
        """The bytes that symbols (T,) are."""
        return checked_symbols(symbols, self.num_symbols).astype(np.uint8).tobytes()
