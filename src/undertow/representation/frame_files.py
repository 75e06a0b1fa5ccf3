"""Frames of other programs in files: `.npy`, and torch's `.pt`, from which nothing but a tensor is read.

L frames, C channels, G groups of codes.
"""

from pathlib import Path

import numpy as np

from undertow.errors import DataError, counted
from undertow.numpy_files import ONLY, read_arrays
from undertow.representation.tensor_files import read_tensor

SUFFIXES = (".npy", ".pt")
KINDS = "fiu"  # numpy's kinds of numbers: floating, integer, unsigned


def read_frame_file(path: Path) -> np.ndarray:
    """(L, C) of a file: float32, or int64 of codes, where (L,) is one code a frame. Nothing in it is run.

    Raises:
        DataError: it is missing, damaged, no array of numbers, empty, of more than two axes (a first one of length 1
            aside), or holds NaN or infinity.
    """
    array = read_tensor(path) if path.suffix.lower() == ".pt" else read_arrays(path).get(ONLY)
    if array is None or array.dtype.kind not in KINDS:
        raise DataError(f"{path} must hold one array of numbers (L, C), a row for each frame")
    if array.ndim == 3 and len(array) == 1:
        array = array[0]
    if array.ndim not in (1, 2) or not array.size or (array.ndim == 1 and array.dtype.kind == "f"):
        raise DataError(f"{path}: the shape is {array.shape}; frames are (L, C), and codes (L,) or (L, G)")
    array = array[:, None] if array.ndim == 1 else array
    if array.dtype.kind != "f":
        return array.astype(np.int64)
    with np.errstate(over="ignore"):
        frames = np.array(array, dtype=np.float32, order="C", subok=False)
    num_bad = frames.size - int(np.count_nonzero(np.isfinite(frames)))
    if num_bad:
        raise DataError(f"{path}: {num_bad} of {counted(frames.size, 'number')} are NaN or infinite")
    return frames
