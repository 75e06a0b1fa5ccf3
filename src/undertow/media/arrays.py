"""Arrays of notes or pixels, in memory or in numpy files; reading a file executes no code."""

import numpy as np

from undertow.data.audio import Audio
from undertow.errors import DataError, UsageError, counted
from undertow.media.medium import Given
from undertow.numpy_files import read_arrays


def read_array(given: Given, product: str) -> np.ndarray:
    """The given array, the array of a `.npy` file, or the only one of a `.npz` file.

    Args:
        product: what the model makes, for messages.

    Raises:
        UsageError: `given` is a sound.
        DataError: the file is missing or damaged, or does not hold exactly one array.
    """
    if isinstance(given, np.ndarray):
        return given
    if isinstance(given, Audio):
        raise UsageError(f"this model is of {product}: give an array, or a .npy or .npz file of one")
    arrays = list(read_arrays(given).values())
    if len(arrays) != 1:
        raise DataError(f"{given}: holds {counted(len(arrays), 'array')}; it must hold one")
    return arrays[0]
