"""Images: image files and arrays in; PNG, JPEG or WebP files out, each pixel of a small image enlarged to a square.

H rows, W columns, C channels, T = H·W pixels, row by row from the top.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from undertow.alphabets.pixels import COLOUR, Pixels
from undertow.data.image_files import SUFFIXES, pillow, read_image, to_colour, to_grey
from undertow.errors import DataError, UsageError, one_of
from undertow.files import atomic_write
from undertow.media.arrays import read_array
from undertow.media.grid import BETWEEN, grid
from undertow.media.medium import Given, Medium, Reading, Report
from undertow.media.png import write_png

ARRAYS = (".npy", ".npz")
MOST_WIDTH = 280  # pixels of an enlarged image
MOST_GRID = 1120  # pixels of a row of images
HALVES, BRIGHT = ("top", "left"), 128
FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}


class Images(Medium):
    """Pixels (T,) uint8 of a grey image, or (T, 3) of a colour image; a model's images have one shape (H, W, C)."""

    product = "images"
    suffixes = (".png", *FORMATS)
    gathers = True
    refusals = {
        "seconds": "this model makes images; set the number of pixels with --num-symbols",
        "stop": "this model makes images, not text",
    }

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C) of a whole image.

        Raises:
            UsageError: the alphabet does not hold a shape.
        """
        shape: tuple[int, int, int] | None = self.alphabet.config.shape
        if shape is None:
            raise UsageError(
                "this model does not know the shape of its images, so it cannot write them; train it with "
                "model.alphabet.shape, such as [28, 28, 1]"
            )
        return shape

    @property
    def whole_steps(self) -> int:
        """H·W, or H·W·C where the channels of a pixel are steps."""
        return self.shape[0] * self.shape[1] * self._steps_per_pixel

    @property
    def _steps_per_pixel(self) -> int:
        assert isinstance(self.alphabet, Pixels)
        return self.alphabet.steps_per_pixel

    def read(self, given: Given) -> Reading:
        """The top of an image: an image file, an array, or a `.npy` or `.npz` file of one.

        It holds whole rows, (rows, W) or (rows, W, C), or pixels in order, (T,) or (T, 3).
        """
        if isinstance(given, str | Path) and Path(given).suffix.lower() in SUFFIXES:
            return self._read_file(given)
        if isinstance(given, str | Path) and Path(given).suffix.lower() not in ARRAYS:
            kinds = one_of([one[1:] for one in SUFFIXES])
            raise DataError(f"{given} is not read as an image; give {kinds}, or an array as npy or npz")
        return Reading(self._in_order(read_array(given, self.product)))

    def usual_steps(self, num_given: int) -> int:
        """The pixels that the image still lacks."""
        return max(1, self.whole_steps - num_given)

    def kept(self, word: str) -> np.ndarray:
        """The pixels of the "top" or the "left" half, or where the image of a file is bright (128 or more)."""
        rows, columns, _ = self.shape
        mask = np.zeros((rows, columns), bool)
        if word in HALVES:
            part = (slice(rows // 2), slice(None)) if word == "top" else (slice(None), slice(columns // 2))
            mask[part] = True
        elif Path(word).suffix.lower() in SUFFIXES:
            bright = to_grey(read_image(word).pixels)[..., 0]
            if bright.shape != mask.shape:
                height, width = bright.shape
                raise DataError(f"{word}: the mask has {width} x {height} pixels; the images have {columns} x {rows}")
            mask = bright >= BRIGHT
        else:
            raise UsageError(
                f"'{word}' is not a part of an image; give {' or '.join(HALVES)}, or an image of what is kept"
            )
        return mask.reshape(-1).repeat(self._steps_per_pixel)

    def check(self, path: Path) -> None:
        """Refuse a kind of file for which Pillow is missing."""
        if path.suffix.lower() in FORMATS:
            pillow()

    def write(self, path: Path, real: Any) -> None:
        _save(path, self._image(path, real), max(1, MOST_WIDTH // self.shape[1]))

    def write_all(self, path: Path, reals: Sequence[Any], captions: Sequence[str] = ()) -> None:
        """A grid, about as many images wide as high, row by row; captions need Pillow."""
        images = np.stack([self._image(path, real) for real in reals])
        columns, width = math.ceil(math.sqrt(len(images))), self.shape[1]
        scale = max(1, min(MOST_WIDTH // width, MOST_GRID // (columns * width)))
        _save(path, grid(images, columns, scale, captions), 1)

    def write_part(self, path: Path, reals: Sequence[Any], captions: Sequence[str] = ()) -> None:
        """What is not made yet is grey."""
        pad = [(0, self.whole_steps - len(reals[0])), *[(0, 0)] * (reals[0].ndim - 1)]
        whole = [np.pad(real, pad, constant_values=BETWEEN) for real in reals]
        if len(whole) > 1:
            self.write_all(path, whole, captions)
        else:
            self.write(path, whole[0])

    def report(self, real: Any, num_given: int) -> Report:
        """Width and height."""
        height, width, _ = self.shape
        return Report(f"{width} x {height} pixels", {"width": width, "height": height})

    def _in_order(self, pixels: np.ndarray) -> np.ndarray:
        """An array's pixels as steps: (T,), or (T, 3)."""
        steps = self._steps_per_pixel
        element = (COLOUR,) if self.alphabet.num_elements is not None or steps > 1 else ()
        if steps > 1 and pixels.ndim == 1:
            return pixels
        if pixels.shape[1:] == element:
            return pixels
        _, columns, channels = self.shape
        if pixels.shape[1:] not in ((columns, *element), (columns, channels)):
            rows = ", ".join(map(str, ("rows", columns, *element)))
            raise DataError(f"the array has shape {pixels.shape}; it must be ({rows})")
        return pixels.reshape(-1, *element)

    def _read_file(self, path: str | Path) -> Reading:
        """Its pixels in order, grey or in colour like the model's images."""
        pixels, notes = read_image(path)
        rows, columns, channels = self.shape
        height, width = pixels.shape[:2]
        if width != columns or height > rows:
            raise DataError(
                f"{path} has {width} x {height} pixels; the images of this model have {columns} x {rows}, so give one "
                f"of that size, or the top of one"
            )
        is_colour = channels == COLOUR
        changed = to_colour(pixels) if is_colour else to_grey(pixels)
        if changed.shape != pixels.shape:
            notes = (*notes, "grey made colour" if is_colour else "colour made grey")
        return Reading(self._in_order(changed if is_colour else changed[..., 0]), notes)

    def _image(self, path: Path, real: Any) -> np.ndarray:
        """(H, W) or (H, W, 3)."""
        rows, columns, channels = self.shape
        if len(real) != self.whole_steps:
            unit = self.alphabet.unit
            raise UsageError(f"{path}: the image has {len(real):,} of its {self.whole_steps:,} {unit}s; generate all")
        image: np.ndarray = real.reshape(self.shape) if channels == COLOUR else real.reshape(rows, columns)
        return image


def _save(path: Path, image: np.ndarray, scale: int) -> None:
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        write_png(path, image, scale)
        return
    large = image.repeat(scale, axis=0).repeat(scale, axis=1)
    options: dict[str, Any] = {"quality": 95} if kind == "JPEG" else {"lossless": True}
    with atomic_write(path) as temporary:
        pillow().fromarray(large).save(temporary, kind, **options)
