"""Arrays of notes or pixels, in memory or in numpy files; reading a file executes no code."""

import zlib
from pathlib import Path
from tokenize import TokenError
from zipfile import BadZipFile

import numpy as np

from undertow.data.audio import Audio
from undertow.errors import DataError, UsageError
from undertow.media.medium import Given

DAMAGES = (ValueError, OSError, EOFError, SyntaxError, BadZipFile, TokenError, zlib.error)


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
        raise UsageError(f"this model makes {product}: the prompt must be an array, or a .npy or .npz file of one")
    path = Path(given)
    if not path.is_file():
        raise DataError(f"{path}: there is no such file")
    try:
        found = np.load(path, allow_pickle=False)
        if isinstance(found, np.ndarray):
            return found
        with found:
            arrays = [found[name] for name in found.files]
    except DAMAGES:
        raise DataError(f"{path}: damaged, or not a numpy file of numbers") from None
    if len(arrays) != 1:
        raise DataError(f"{path}: holds {len(arrays)} arrays; a prompt must be one array")
    return arrays[0]
