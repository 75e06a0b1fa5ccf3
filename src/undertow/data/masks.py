"""Masks: PNG files of grey or palette values, a class for each pixel."""

import io
from pathlib import Path

import numpy as np

from undertow.data.image_files import MOST_BYTES, MOST_PIXELS, decoding, pillow
from undertow.door import read_bytes
from undertow.errors import DataError
from undertow.files import atomic_write

SUFFIX = ".png"
READ = ("1", "L", "P", "I;16", "I;16B", "I")  # Pillow's modes of one value a pixel
COLOURS = (  # of classes, in their order; after these the PASCAL VOC colours
    (128, 190, 255), (200, 60, 50), (255, 220, 80), (120, 80, 130), (60, 90, 230), (60, 150, 60), (255, 130, 170),
    (150, 120, 80), (110, 20, 190), (240, 130, 30), (0, 200, 200), (170, 255, 120), (255, 255, 255), (20, 90, 90),
)  # fmt: skip


def read_mask(path: str | Path) -> np.ndarray:
    """The values of a mask (H, W), as they are: grey levels, or places in the palette.

    Raises:
        UsageError: Pillow is not installed.
        DataError: it is missing, damaged, not a PNG, or has colours in place of values.
    """
    library, data = pillow(), read_bytes(path, MOST_BYTES)
    if Path(path).suffix.lower() != SUFFIX:
        raise DataError(f"{path} is not a {SUFFIX} file; other formats change the values of a mask")
    with decoding(path, (SUFFIX,)):
        image = library.open(io.BytesIO(data), formats=("PNG",))
        if image.mode in READ and image.width * image.height <= MOST_PIXELS:
            return np.asarray(image).astype(np.int64)
    if image.mode in READ:
        raise DataError(f"{path} has {image.width:,} x {image.height:,} pixels; at most {MOST_PIXELS:,}")
    raise DataError(f"{path} is in colour ({image.mode}); a mask has one value for each pixel: grey or a palette's")


def write_mask(path: str | Path, classes: np.ndarray) -> None:
    """Write classes (H, W) from 0 to 255 as a PNG with a palette, so that they can be seen and read again.

    Raises:
        UsageError: Pillow is not installed.
        DataError: the file cannot be written.
    """
    image = pillow().fromarray(classes.astype(np.uint8))
    image.putpalette(palette(256).reshape(-1).tolist())
    with atomic_write(path) as temporary:
        image.save(temporary, "PNG")


def palette(count: int) -> np.ndarray:
    """(count, 3) uint8 colours of classes."""
    more = [tuple(_voc(index)) for index in range(len(COLOURS), count)]
    return np.array([*COLOURS, *more], np.uint8)[:count]


def _voc(index: int) -> list[int]:
    """The colour of a class in PASCAL VOC: its bits, spread over the three colours."""
    return [sum((index >> (3 * bit + part) & 1) << (7 - bit) for bit in range(3)) for part in range(3)]
