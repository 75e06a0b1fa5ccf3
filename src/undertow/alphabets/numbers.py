"""Numbers: vectors of real values, for sequences that are read, not generated."""

from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from undertow.alphabets.alphabet import Alphabet, Real
from undertow.config import Width, config
from undertow.errors import DataError


class Numbers(Alphabet):
    """A step is a vector of float32 values. There are no symbols, and the start is a vector of zeros."""

    num_symbols = 0
    real: Real = "numbers"
    unit = "step"

    @config
    class Config:
        """`num_elements`: number of values in a step."""

        kind: Literal["numbers"] = "numbers"
        num_elements: Width = 1

    def __init__(self, config: Config) -> None:
        self.config = config
        self.num_elements = config.num_elements

    def encode(self, real: Any) -> np.ndarray:
        """Numbers (…, E) as float32.

        Raises:
            DataError: a step does not have E values, or one is NaN or infinite in float32.
        """
        values = np.asarray(real).astype(np.float32)
        if not values.ndim or values.shape[-1] != self.num_elements:
            raise DataError(f"the numbers have shape {values.shape}; it must be (steps, {self.num_elements})")
        if not np.isfinite(values).all():
            raise DataError(f"number {int((~np.isfinite(values)).argmax())} of {values.size} is NaN or infinite")
        return values

    def decode(self, symbols: np.ndarray) -> np.ndarray:
        """The numbers themselves."""
        return self.encode(symbols)

    def to_scalar(self, symbols: Tensor) -> Tensor:
        """The numbers in torch's default dtype."""
        return symbols.to(torch.get_default_dtype())
