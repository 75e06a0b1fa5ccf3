"""Pixels: the brightness of a picture as a few levels."""

from typing import Any, Literal

import numpy as np
from pydantic import Field
from torch import Tensor

from undertow.alphabets.alphabet import Alphabet, Real
from undertow.alphabets.symbols import checked_symbols
from undertow.config import config
from undertow.errors import DataError


class Pixels(Alphabet):
    """Bytes v of a picture as levels q = ⌊v · (num_levels - 1) / 255 + ½⌋; 256 levels are exact."""

    real: Real = "pixels"

    @config
    class Config:
        """`num_levels`: 2 (black and white) to 256; `unit`: name of a symbol, "step" where there is no picture."""

        kind: Literal["pixels"] = "pixels"
        num_levels: int = Field(256, ge=2, le=256)
        unit: Literal["pixel", "step"] = "pixel"

    def __init__(self, config: Config) -> None:
        self.config, self.unit = config, config.unit
        self.num_symbols = config.num_levels

    def encode(self, real: Any) -> np.ndarray:
        """Bytes 0 to 255, of any shape, as int64 symbols.

        Raises:
            DataError: the pixels are not uint8.
        """
        values = np.asarray(real)
        if values.dtype != np.uint8:
            raise DataError(f"pixels are {values.dtype}; give bytes from 0 to 255 (uint8)")
        return (2 * values.astype(np.int64) * (self.num_symbols - 1) + 255) // 510

    def decode(self, symbols: np.ndarray) -> np.ndarray:
        """Symbols as the nearest bytes (uint8): 0 becomes 0, and the highest symbol 255.

        Raises:
            DataError: a symbol is outside the alphabet.
        """
        top = self.num_symbols - 1
        return ((510 * checked_symbols(symbols, self.num_symbols) + top) // (2 * top)).astype(np.uint8)

    def to_scalar(self, symbols: Tensor) -> Tensor:
        """Symbols as q / (num_levels - 1) in [0, 1], in torch's default dtype; the start symbol is 0.0."""
        return (symbols / (self.num_symbols - 1)).masked_fill(symbols == self.start_symbol, 0.0)
