"""Arrays as numpy writes them, of notes or of pixels; nothing in such a file is executed."""

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
    """An array as it is, that of a `.npy` file, or the only one of a `.npz` file.

    Args:
        product: what it is of, for messages.

    Raises:
        UsageError: it is a sound.
        DataError: there is no such file, or not one array in it.
    """
    if isinstance(given, np.ndarray):
        return given
    if isinstance(given, Audio):
        raise UsageError(f"this model makes {product}: the prompt is an array of it, or a .npy or .npz file of one")
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
        raise DataError(f"{path}: not an array of numbers as numpy.save writes it, or damaged") from None
    if len(arrays) != 1:
        raise DataError(f"{path}: holds {len(arrays)} arrays; the prompt is one")
    return arrays[0]
