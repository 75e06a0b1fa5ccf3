"""Codes of several groups as one sequence of symbols, for models of single symbols.

L latents, G groups of codes a latent, K_g codes in group g.
"""

from collections.abc import Sequence

import numpy as np

from undertow.errors import DataError

MOST_CODES = 1 << 20  # of a group


def flattened(codes: np.ndarray, num_codes: Sequence[int]) -> np.ndarray:
    """Codes (L, G) as symbols (L · G,) int64, latent by latent: code q of group g is K_0 + … + K_{g-1} + q."""
    return (codes + _first(num_codes)).reshape(-1).astype(np.int64)


def separated(symbols: np.ndarray, num_codes: Sequence[int]) -> np.ndarray:
    """Symbols (L · G,) as codes (L, G) again.

    Raises:
        DataError: a symbol is of another group than its place.
    """
    codes = symbols.reshape(-1, len(num_codes)) - _first(num_codes)
    if ((codes < 0) | (codes >= np.array(num_codes))).any():
        raise DataError("a unit is of another group than its place")
    return codes


def _first(num_codes: Sequence[int]) -> np.ndarray:
    """The first symbol of each group."""
    return np.cumsum([0, *num_codes[:-1]])
