"""What every alphabet of waveforms asks of its samples and symbols."""

from typing import Any

import numpy as np

from undertow.errors import DataError


def checked_wave(real: Any) -> np.ndarray:
    """Samples as float64, clipped to [-1, 1].

    Raises:
        DataError: a sample is NaN, or the samples are integers, whose full scale is unknown.
    """
    wave = np.asarray(real)
    if not np.issubdtype(wave.dtype, np.floating):
        raise DataError(f"samples are {wave.dtype}; an alphabet encodes floats in [-1, 1]: divide by the full scale")
    if np.isnan(wave).any():
        raise DataError(f"sample {int(np.isnan(wave).argmax())} of {wave.size} is NaN; samples are numbers in [-1, 1]")
    return np.clip(wave.astype(np.float64), -1.0, 1.0)


def checked_symbols(symbols: Any, num_symbols: int) -> np.ndarray:
    """Symbols as int64.

    Raises:
        DataError: the symbols are not integers from 0 to num_symbols - 1 (the start symbol has no sound).
    """
    codes = np.asarray(symbols)
    if not np.issubdtype(codes.dtype, np.integer):
        raise DataError(f"symbols are {codes.dtype}; they must be integers")
    wrong = (codes < 0) | (codes >= num_symbols)
    if wrong.any():
        raise DataError(f"symbol {codes[wrong][0]} is outside the alphabet's 0 … {num_symbols - 1}")
    return codes.astype(np.int64)
