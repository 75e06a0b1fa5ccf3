"""The interface of an alphabet: it encodes sound, text, notes, pixels or numbers, and decodes them again."""

from abc import ABC, abstractmethod
from typing import Any, Literal

import numpy as np
from torch import Tensor

Real = Literal["sound", "text", "tokens", "notes", "images", "symbols", "numbers"]


class Alphabet(ABC):
    """Symbols 0 … num_symbols - 1. The start symbol is one more embedding row, or 0.0 for a scalar input.

    Attributes:
        config: the alphabet's own `Config`.
        num_symbols: size of the alphabet; 0 for real numbers, which have no distribution.
        num_elements: E if one step is a vector of E symbols; None if it is a single symbol.
        shape: (rows, columns, channels) of what a whole sequence is in raster order; None if it is no image.
        real: kind of data that the symbols encode.
        unit: name of one step.
    """

    config: Any
    num_symbols: int
    num_elements: int | None = None
    shape: tuple[int, int, int] | None = None
    real: Real = "sound"
    unit: str = "sample"

    @property
    def start_symbol(self) -> int:
        """The symbol before the first one of every sequence."""
        return self.num_symbols

    @property
    def file_facts(self) -> dict[str, Any]:
        """What an engine file says of it to programs that know no Python: lists of texts or of integers, by name."""
        return {"alphabet": [self.config.kind], "real": [self.real], "unit": [self.unit]}

    @abstractmethod
    def encode(self, real: Any) -> np.ndarray:
        """Data as int64 symbols; real numbers stay float32."""

    @abstractmethod
    def decode(self, symbols: np.ndarray) -> Any:
        """Symbols as data."""

    @abstractmethod
    def to_scalar(self, symbols: Tensor) -> Tensor:
        """Symbols as floats in [-1, 1], for networks with a scalar input; the start symbol is 0.0."""
