"""Images: arrays in; PNG files out, with each pixel of a small image enlarged to a square.

H rows, W columns, C channels, T = H·W pixels, row by row from the top.
"""

from pathlib import Path
from typing import Any

import numpy as np

from undertow.alphabets.pixels import COLOUR
from undertow.errors import DataError, UsageError
from undertow.media.arrays import read_array
from undertow.media.medium import Given, Medium, Reading, Report
from undertow.media.png import write_png

MOST_WIDTH = 280  # pixels of an enlarged image


class Images(Medium):
    """Pixels (T,) uint8 of a grey image, or (T, 3) of a colour image; a model's images have one shape (H, W, C)."""

    product = "images"
    suffixes = (".png",)
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
        """H·W."""
        return self.shape[0] * self.shape[1]

    def read(self, given: Given) -> Reading:
        """The top of an image: an array, or a `.npy` or `.npz` file of one.

        It holds whole rows, (rows, W) or (rows, W, C), or pixels in order, (T,) or (T, 3).
        """
        return Reading(self._in_order(read_array(given, self.product)))

    def usual_steps(self, num_given: int) -> int:
        """The pixels that the image still lacks."""
        return max(1, self.whole_steps - num_given)

    def write(self, path: Path, real: Any) -> None:
        rows, columns, channels = self.shape
        if len(real) != self.whole_steps:
            raise UsageError(f"{path}: the image has {len(real):,} of its {self.whole_steps:,} pixels; generate all")
        image = real.reshape(self.shape) if channels == COLOUR else real.reshape(rows, columns)
        write_png(path, image, max(1, MOST_WIDTH // columns))

    def report(self, real: Any, num_given: int) -> Report:
        """Width and height."""
        height, width, _ = self.shape
        return Report(f"{width} x {height} pixels", {"width": width, "height": height})

    def _in_order(self, pixels: np.ndarray) -> np.ndarray:
        """An image's pixels as steps: (T,), or (T, 3)."""
        element = () if self.alphabet.num_elements is None else (COLOUR,)
        if pixels.shape[1:] == element:
            return pixels
        _, columns, channels = self.shape
        if pixels.shape[1:] not in ((columns, *element), (columns, channels)):
            rows = ", ".join(map(str, ("rows", columns, *element)))
            raise DataError(f"the array has shape {pixels.shape}; it must be ({rows})")
        return pixels.reshape(-1, *element)
