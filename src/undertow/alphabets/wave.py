"""The check of samples that alphabets of sound share."""

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
