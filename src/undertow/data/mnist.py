"""MNIST as grey images of 28 by 28 pixels, row by row; or the same pixels in a fixed random order.

"Permuted MNIST" (Le, Jaitly & Hinton, arXiv 1504.00941) tears neighbouring pixels apart. Each paper has its own
order; here it is `numpy.random.RandomState(0).permutation(784)`, which numpy promises never to change.

N images, P = 784 pixels.
"""

from pathlib import Path

import numpy as np

from undertow.config import nearest
from undertow.data.catalogue import open_files
from undertow.data.folder import SPLITS
from undertow.data.sequences import SequenceSet
from undertow.door import read_bytes
from undertow.errors import DataError, UsageError, counted

NAME = "mnist"
FILES = {"train": "train", "validation": "train", "test": "t10k"}
UNSIGNED_BYTES = 8  # the type that an idx file of pixels or labels declares
SHAPE = (28, 28, 1)  # rows, columns, channels
NUM_PIXELS = 784
NUM_VALIDATION = 5_000
PERMUTATION_SEED = 0
MOST_BYTES = 1 << 30  # of a file: twenty times the pixels of MNIST


def load_mnist(
    split: str, path: str | Path | None = None, *, permuted: bool = False, num_validation: int = NUM_VALIDATION
) -> SequenceSet:
    """One split of MNIST: (784,) uint8 pixels each, 0 to 255, with label `digit`.

    Args:
        split: "train" (55,000 digits), "validation" (the last 5,000 of the published training set) or "test" (10,000).
        path: a folder of four files named as those of MNIST, perhaps of another set of the same layout (Fashion-MNIST,
            KMNIST); None: MNIST itself, in UNDERTOW_DATA or the cache, with its checksums checked.
        permuted: pixels in the order of `permutation`.
        num_validation: number of training digits that are held out.

    Raises:
        UsageError: an unknown split, or no training digits would remain.
        DataError: the set is not on this machine, or a file is missing, damaged, or not of digits.
    """
    if split not in SPLITS:
        raise UsageError(f"unknown split '{split}'{nearest(split, list(SPLITS))}")
    folder = Path(path) if path is not None else next(iter(open_files(NAME, "images").values())).parent
    images, digits = _read(folder, FILES[split])
    if split != "test":
        if not 0 < num_validation < len(images):
            raise UsageError(f"num_validation is {num_validation}; it must be above 0 and below {len(images)}")
        part = slice(-num_validation, None) if split == "validation" else slice(-num_validation)
        images, digits = images[part], digits[part]
    if permuted:
        images = images[:, permutation()]
    return SequenceSet(list(images), {"digit": digits})


def permutation() -> np.ndarray:
    """(784,) order of the pixels in permuted MNIST."""
    return np.random.RandomState(PERMUTATION_SEED).permutation(NUM_PIXELS)


def read_idx(path: Path) -> np.ndarray:
    """The uint8 array of an idx file, plain or compressed with gzip.

    Raises:
        DataError: it is missing, larger than 1 GiB, damaged, not an idx file of bytes, or of another length than its
            header says.
    """
    data = read_bytes(path, MOST_BYTES)
    if len(data) < 4 or data[:3] != bytes((0, 0, UNSIGNED_BYTES)) or data[3] > 3:
        raise DataError(f"{path}: not an idx file of bytes; begins with '{data[:4].hex()}', not 00000801 to 00000803")
    begin = 4 + 4 * data[3]
    shape = np.frombuffer(data[4:begin].ljust(begin - 4, b"\0"), ">u4").astype(int).tolist()
    if len(data) - begin != np.prod(shape, dtype=int):
        raise DataError(
            f"{path}: holds {counted(max(0, len(data) - begin), 'byte')}, but its header gives shape {tuple(shape)}"
        )
    return np.frombuffer(data, np.uint8, offset=begin).reshape(shape)


def _read(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """(N, 784) pixels and (N,) digits."""
    images, labels = (_find(folder, f"{part}-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
    pixels, digits = read_idx(images), read_idx(labels)
    if pixels.shape[1:] != SHAPE[:2] or digits.shape != pixels.shape[:1] or not len(digits):
        raise DataError(f"{folder}: images are {pixels.shape}, labels {digits.shape}, not (N, 28, 28) and (N,)")
    if digits.max() > 9:
        raise DataError(f"{labels}: label {digits.max()} at {int(digits.argmax())}; digits are 0 to 9")
    return pixels.reshape(len(pixels), NUM_PIXELS), digits


def _find(folder: Path, name: str) -> Path:
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            return path
    raise DataError(f"{folder} has no {name}.gz; it must hold the four files of MNIST as published")
