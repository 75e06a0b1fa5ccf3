"""Image files, read with Pillow: PNG, JPEG and WebP to bytes of grey or of colour.

H rows, W columns, C channels (1 grey; 3 red, green, blue).
"""

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from undertow.door import read_bytes
from undertow.errors import DataError, UsageError, one_of, shown

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
FORMATS = ("PNG", "JPEG", "WEBP")
MOST_BYTES = 1 << 28
MOST_PIXELS = 1 << 26  # 8,192 by 8,192
GREY, COLOUR = ("1", "L"), ("RGB",)  # modes that lose nothing
CONVERTED = {  # other modes that are read, as what, and what is said
    "P": ("RGB", "palette replaced by colours"),
    "RGBA": ("RGB", "transparency laid on white"),
    "PA": ("RGB", "palette replaced by colours, transparency laid on white"),
    "LA": ("L", "transparency laid on white"),
    "CMYK": ("RGB", "CMYK converted to RGB"),
    "I;16": ("L", "16 bits cut to 8"),
    "I;16B": ("L", "16 bits cut to 8"),
    "I": ("L", "16 bits cut to 8"),
}


class Picture(NamedTuple):
    """One image (H, W, C) uint8, and notes on how it was converted."""

    pixels: np.ndarray
    notes: tuple[str, ...] = ()


def pillow() -> Any:
    """Pillow's module of images.

    Raises:
        UsageError: it is not installed.
    """
    try:
        from PIL import Image
    except ImportError:
        raise UsageError("image files need the package Pillow; install undertow[images]") from None
    return Image


def read_image(path: str | Path) -> Picture:
    """An image of a PNG, JPEG or WebP file. Palettes, transparency, CMYK and 16 bits are converted, and said.

    Raises:
        UsageError: Pillow is not installed.
        DataError: it is missing, damaged, truncated, animated, larger than 2^26 pixels, or another kind of file.
    """
    library, data = pillow(), read_bytes(path, MOST_BYTES)
    with warnings.catch_warnings(), decoding(path):
        warnings.simplefilter("ignore")  # of large images: the limit below is smaller
        image = library.open(io.BytesIO(data), formats=FORMATS)
        num_frames = getattr(image, "n_frames", 1)
    if num_frames > 1:
        raise DataError(f"{path} is animated ({num_frames} frames); give single images")
    if image.width * image.height > MOST_PIXELS:
        raise DataError(f"{path} has {image.width:,} x {image.height:,} pixels; at most {MOST_PIXELS:,}")
    with decoding(path):
        image.load()
    return _converted(image, path)


@contextmanager
def decoding(path: str | Path, suffixes: Sequence[str] = SUFFIXES) -> Iterator[None]:
    """While a library decodes a file of one of these kinds: on damaged data it may raise anything.

    Raises:
        DataError: it did.
    """
    try:
        yield
    except Exception as error:
        kinds = one_of([one[1:] for one in suffixes])
        why = shown((str(error).splitlines() or [type(error).__name__])[0], 120)
        why = "no such image is in it" if "cannot identify" in why else why
        raise DataError(f"{path} cannot be read as an image: damaged, truncated, or not {kinds} ({why})") from None


def resized(pixels: np.ndarray, size: int) -> np.ndarray:
    """The middle square of an image (H, W, C), at size by size pixels (Lanczos).

    Raises:
        UsageError: Pillow is not installed.
    """
    library = pillow()
    height, width, channels = pixels.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = pixels[top : top + side, left : left + side]
    image = library.fromarray(square[..., 0] if channels == 1 else square)
    small = np.asarray(image.resize((size, size), library.Resampling.LANCZOS))
    return small.reshape(size, size, channels)


def to_grey(pixels: np.ndarray) -> np.ndarray:
    """Colour (…, 3) as brightness (…, 1): 0.299 red, 0.587 green, 0.114 blue (ITU-R BT.601)."""
    if pixels.shape[-1] == 1:
        return pixels
    weighed = pixels.astype(np.uint32) @ np.array([299, 587, 114], np.uint32)
    return ((weighed + 500) // 1000).astype(np.uint8)[..., None]


def to_colour(pixels: np.ndarray) -> np.ndarray:
    """Grey (…, 1) as equal red, green and blue (…, 3)."""
    return pixels if pixels.shape[-1] == 3 else pixels.repeat(3, axis=-1)


def _converted(image: "Image", path: str | Path) -> Picture:
    library, notes = pillow(), []
    if image.mode in GREY:
        return Picture(np.asarray(image.convert("L"))[..., None])
    if image.mode in COLOUR and "transparency" not in image.info:
        return Picture(np.asarray(image))
    mode, note = CONVERTED.get(image.mode, ("RGB", "transparency laid on white") if image.mode == "RGB" else ("", ""))
    if not mode:
        raise DataError(f"{path}: pixels of kind {shown(image.mode)} are not read; save it in RGB or grey")
    notes.append(note)
    if image.mode.startswith("I"):
        values = np.asarray(image).astype(np.int64) >> 8
        return Picture(values.clip(0, 255).astype(np.uint8)[..., None], tuple(notes))
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA"):
        clear = image.convert("RGBA")
        image = library.alpha_composite(library.new("RGBA", clear.size, "white"), clear)
        notes = [note if "white" in note else f"{note}, transparency laid on white"]
    pixels = np.asarray(image.convert(mode))
    return Picture(pixels[..., None] if pixels.ndim == 2 else pixels, tuple(notes))
