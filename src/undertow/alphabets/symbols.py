"""Plain symbols: numbers that stand for nothing but themselves, as in tasks that test memory."""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field
from torch import Tensor

from undertow.alphabets.alphabet import Alphabet, Real
from undertow.alphabets.checks import checked_symbols
from undertow.config import Width, config
from undertow.errors import UsageError


class Symbols(Alphabet):
    """Integers from 0 to num_symbols - 1."""

    real: Real = "symbols"
    unit = "step"

    @config
    class Config:
        """`num_symbols`: how many there are; None: counted in the data."""

        kind: Literal["symbols"] = "symbols"
        num_symbols: Annotated[Width, Field(ge=2)] | None = None

    def __init__(self, config: Config) -> None:
        if config.num_symbols is None:
            raise UsageError("alphabet.num_symbols is missing; give it, or count it in the data")
        self.config, self.num_symbols = config, config.num_symbols

    def encode(self, real: Any) -> np.ndarray:
        """Integers of any type as int64 symbols.

        Raises:
            DataError: they are not integers, or one is outside the alphabet.
        """
        return checked_symbols(real, self.num_symbols)

    def decode(self, symbols: np.ndarray) -> np.ndarray:
        """The symbols themselves."""
        return self.encode(symbols)

    def to_scalar(self, symbols: Tensor) -> Tensor:
        """Symbols as q / (num_symbols - 1) in [0, 1], in torch's default dtype; the start symbol is 0.0."""
        return (symbols / (self.num_symbols - 1)).masked_fill(symbols == self.start_symbol, 0.0)
