"""Checking and scaling of symbols, which alphabets share."""

from typing import Any

import numpy as np
from torch import Tensor

from undertow.errors import DataError


def checked_symbols(symbols: Any, num_symbols: int) -> np.ndarray:
    """Symbols as int64.

    Raises:
        DataError: the symbols are not integers from 0 to num_symbols - 1 (the start symbol cannot be decoded).
    """
    codes = np.asarray(symbols)
    if not np.issubdtype(codes.dtype, np.integer):
        raise DataError(f"symbols are {codes.dtype}; they must be integers")
    wrong = (codes < 0) | (codes >= num_symbols)
    if wrong.any():
        raise DataError(f"symbol {codes[wrong][0]} is outside the alphabet, 0 … {num_symbols - 1}")
    return codes.astype(np.int64)


def centred(symbols: Tensor, num_symbols: int) -> Tensor:
    """Symbols q as 2q / (num_symbols - 1) - 1 in [-1, 1], in torch's default dtype; the start symbol is 0.0."""
    scalar = symbols * 2 / max(1, num_symbols - 1) - 1
    return scalar.masked_fill(symbols == num_symbols, 0.0)
