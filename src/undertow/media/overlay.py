"""An image under the colours of its classes, with a legend; and classes as a PNG with a palette.

H rows, W columns, K classes.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from undertow.data.image_files import SUFFIXES, pillow, to_colour
from undertow.data.masks import palette
from undertow.errors import UsageError, one_of
from undertow.files import atomic_write

LEAST_WIDTH = 480  # pixels; smaller images are enlarged by whole factors
LEGEND_WIDTH, LINE, SQUARE, GAP = 190, 20, 12, 8
MOST_LETTERS = 18  # of a class's name in a legend
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
    colours = palette(len(names))
    scale = max(1, LEAST_WIDTH // image.shape[1])
    large = mixed(image, classes, colours, opacity).repeat(scale, axis=0).repeat(scale, axis=1)
    counts = np.bincount(classes.reshape(-1), minlength=len(names))
    order = [index for index in np.argsort(-counts, kind="stable").tolist() if counts[index]]
    shares = [(f"{names[k][:MOST_LETTERS]}  {counts[k] / classes.size:.1%}", tuple(colours[k].tolist())) for k in order]
    return with_legend(large, shares)


def mixed(image: np.ndarray, classes: np.ndarray, colours: np.ndarray, opacity: float) -> np.ndarray:
    """An image (H, W, 1 or 3), each pixel mixed with the colour (K, 3) of its class."""
    both = (1 - opacity) * to_colour(image) + opacity * colours[classes]
    return np.rint(both).astype(np.uint8)


def with_legend(picture: np.ndarray, lines: Sequence[tuple[str, tuple[int, ...]]]) -> np.ndarray:
    """A picture (H, W, 3), and on its right a square and a text for each line.

    Raises:
        UsageError: Pillow is not installed.
    """
    library = pillow()
    height, width = max(len(picture), GAP + LINE * len(lines)), picture.shape[1]
    whole = library.new("RGB", (width + LEGEND_WIDTH, height), PAPER)
    whole.paste(library.fromarray(picture), (0, 0))
    _legend(whole, width + GAP, lines)
    return np.asarray(whole)


def check_picture(path: Path) -> None:
    """Refuse a name that no picture can be written under.

    Raises:
        UsageError: it does not end in the suffix of a picture.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"out is {path}; a picture ends in {one_of(SUFFIXES)}")


def write_picture(path: Path, picture: np.ndarray) -> None:
    """Write a picture (H, W, 3) of bytes; the suffix chooses its format.

    Raises:
        UsageError: see `check_picture`.
        DataError: the file cannot be written.
    """
    check_picture(path)
    with atomic_write(path) as temporary:
        pillow().fromarray(picture).save(temporary, FORMATS[path.suffix.lower()], quality=95)


def _legend(whole: Any, left: int, lines: Sequence[tuple[str, tuple[int, ...]]]) -> None:
    from PIL import ImageDraw

    pen = ImageDraw.Draw(whole)
    for number, (text, colour) in enumerate(lines):
        top = GAP + LINE * number
        pen.rectangle((left, top, left + SQUARE, top + SQUARE), fill=colour, outline=INK)
        pen.text((left + SQUARE + GAP, top), text, fill=INK)
