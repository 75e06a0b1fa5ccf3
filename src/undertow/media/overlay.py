"""An image under the colours of its classes, with a legend; and classes as a PNG with a palette.

H rows, W columns, K classes.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from undertow.data.image_files import SUFFIXES, pillow, to_colour
from undertow.data.masks import palette
from undertow.errors import UsageError
from undertow.files import atomic_write

LEAST_WIDTH = 480  # pixels; smaller images are enlarged by whole factors
LEGEND_WIDTH, LINE, SQUARE, GAP = 190, 20, 12, 8
PAPER, INK = (255, 255, 255), (30, 30, 30)
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}


def overlay(image: np.ndarray, classes: np.ndarray, names: Sequence[str], opacity: float = 0.5) -> np.ndarray:
    """An image (H, W, 1 or 3) of bytes, each pixel mixed with the colour of its class, beside a legend.

    The legend names the classes that are there, with their shares of the pixels, the largest first.

    Args:
        classes: (H, W), from 0 to K - 1.
        names: of the K classes.
        opacity: share of the colours, 0 to 1.

    Raises:
        UsageError: Pillow is not installed.
    """
    library = pillow()
    colours = palette(len(names))
    mixed = (1 - opacity) * to_colour(image) + opacity * colours[classes]
    scale = max(1, LEAST_WIDTH // image.shape[1])
    mixed = np.rint(mixed).astype(np.uint8).repeat(scale, axis=0).repeat(scale, axis=1)
    counts = np.bincount(classes.reshape(-1), minlength=len(names))
    order = [index for index in np.argsort(-counts, kind="stable").tolist() if counts[index]]
    height = max(len(mixed), GAP + LINE * len(order))
    whole = library.new("RGB", (mixed.shape[1] + LEGEND_WIDTH, height), PAPER)
    whole.paste(library.fromarray(mixed), (0, 0))
    _legend(whole, mixed.shape[1] + GAP, [(names[k], counts[k] / classes.size, tuple(colours[k])) for k in order])
    return np.asarray(whole)


def check_picture(path: Path) -> None:
    """Refuse a name that no picture can be written under.

    Raises:
        UsageError: it does not end in the suffix of a picture.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"out is {path}; a picture ends in {', '.join(SUFFIXES)}")


def write_picture(path: Path, picture: np.ndarray) -> None:
    """Write a picture (H, W, 3) of bytes; the suffix chooses its format.

    Raises:
        UsageError: see `check_picture`.
        DataError: the file cannot be written.
    """
    check_picture(path)
    with atomic_write(path) as temporary:
        pillow().fromarray(picture).save(temporary, FORMATS[path.suffix.lower()], quality=95)


def _legend(whole: Any, left: int, lines: Sequence[tuple[str, float, tuple[Any, ...]]]) -> None:
    from PIL import ImageDraw

    pen = ImageDraw.Draw(whole)
    for number, (name, share, colour) in enumerate(lines):
        top = GAP + LINE * number
        pen.rectangle((left, top, left + SQUARE, top + SQUARE), fill=tuple(map(int, colour)), outline=INK)
        pen.text((left + SQUARE + GAP, top), f"{name[:18]}  {share:.1%}", fill=INK)
