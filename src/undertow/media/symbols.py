"""Whatever a user gives, as the symbols of an alphabet.

T steps, E elements of a vector symbol.
"""

import numpy as np

from undertow.alphabets.alphabet import Alphabet
from undertow.errors import DataError
from undertow.media.medium import Given, Medium


def read_symbols(given: Given, alphabet: Alphabet, medium: Medium | None) -> tuple[np.ndarray, tuple[str, ...]]:
    """Symbols (T,) or (T, E) int64, or numbers (T, E) float32, and notes for the user on changes.

    Args:
        given: int64 symbols; an array that the alphabet encodes; or what the medium reads.
        medium: of the alphabet; None if no kind of file holds its symbols.

    Raises:
        DataError: a file is missing or damaged, an array has the wrong shape or type, or the alphabet has no symbol for
            part of it.
        UsageError: it is of another medium.
    """
    if isinstance(given, np.ndarray) and given.dtype == np.int64 and alphabet.num_symbols:
        return check_symbols(given, alphabet), ()
    if medium is None:
        if not isinstance(given, np.ndarray) or given.dtype.kind not in "iuf":
            raise DataError(f"this model reads {alphabet.real}: give an array of numbers, not {type(given).__name__}")
        return alphabet.encode(given), ()
    real, notes = medium.read(given)
    return alphabet.encode(real), notes


def check_symbols(symbols: np.ndarray, alphabet: Alphabet) -> np.ndarray:
    """The same symbols.

    Raises:
        DataError: the shape is not that of a sequence of the alphabet's symbols, or a symbol is out of range.
    """
    elements = step_shape(alphabet)
    if symbols.ndim != 1 + len(elements) or symbols.shape[1:] != elements:
        wanted = ", ".join(["steps", *map(str, elements)])
        raise DataError(f"the array has shape {symbols.shape}; symbols must be ({wanted})")
    wrong = (symbols < 0) | (symbols >= alphabet.num_symbols)
    if wrong.any():
        raise DataError(f"the array holds symbol {symbols[wrong][0]}; they must be 0 to {alphabet.num_symbols - 1}")
    return symbols


def step_shape(alphabet: Alphabet) -> tuple[int, ...]:
    """The shape of one symbol: (E,) for vector symbols, else ()."""
    return () if alphabet.num_elements is None else (alphabet.num_elements,)
