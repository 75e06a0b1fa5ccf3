"""Several images as one, side by side, with a line of text under each.

H rows, W columns.
"""

from collections.abc import Sequence

import numpy as np

from undertow.data.image_files import pillow
from undertow.errors import printable

GAP, BETWEEN = 2, 128  # pixels between the images, and their brightness
FONT_SIZE, LINE = 13, 18  # of a line of text, in pixels, and its height
INK = 0


def grid(images: np.ndarray, columns: int, scale: int = 1, captions: Sequence[str] = ()) -> np.ndarray:
    """Images (N, H, W) or (N, H, W, 3) in rows of so many, each pixel a square of `scale`, with gaps between them.

    Args:
        captions: a line under each image, cut where it is wider than that; none: no room for any.

    Raises:
        UsageError: there are captions, and Pillow is not installed.
    """
    count, height, width = images.shape[:3]
    below = LINE if captions else 0
    high, wide = height * scale + below + GAP, width * scale + GAP
    whole = np.full((-(-count // columns) * high - GAP, columns * wide - GAP, *images.shape[3:]), BETWEEN, np.uint8)
    for number, image in enumerate(images.repeat(scale, axis=1).repeat(scale, axis=2)):
        top, left = number // columns * high, number % columns * wide
        whole[top : top + height * scale, left : left + width * scale] = image
        if captions:
            strip = whole[top + height * scale :][:LINE, left : left + width * scale]
            shade = _line(captions[number], width * scale)
            strip[...] = shade if strip.ndim == 2 else shade[..., None]
    return whole


def _line(text: str, width: int) -> np.ndarray:
    """(LINE, width) uint8: a text in the middle, black on what is between images."""
    from PIL import ImageDraw, ImageFont

    picture = pillow().new("L", (width, LINE), BETWEEN)
    try:
        font = ImageFont.load_default(FONT_SIZE)
    except ImportError:  # a Pillow without FreeType has one size
        font = ImageFont.load_default()
    text = printable(text).replace("\n", " ")
    if font.getlength(text) > width:
        while text and font.getlength(text + "...") > width:
            text = text[:-1]
        text += "..."
    left, top, right, bottom = font.getbbox(text)
    ImageDraw.Draw(picture).text(((width - right + left) // 2 - left, 0), text, INK, font)
    return np.asarray(picture)
