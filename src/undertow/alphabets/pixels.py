"""Pixels: the brightness of an image as a few levels, row by row from the top."""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field
from torch import Tensor

from undertow.alphabets.alphabet import Alphabet, Real
from undertow.alphabets.checks import checked_symbols
from undertow.config import Number, Width, config
from undertow.errors import DataError

COLOUR = 3  # channels: red, green, blue
Shape = tuple[Width, Width, Literal[1, 3]]


class Pixels(Alphabet):
    """Bytes v of an image as levels q = ⌊v · (num_levels - 1) / 255 + ½⌋; 256 levels are exact.

    A step is a pixel: one symbol where it is grey, a vector of three (red, green, blue) where it has colour. Where they
    are `ordered`, a step is a value: a pixel of colour is three steps, red, green and blue.

    Attributes:
        shape: (rows, columns, channels) of every image; None where pixels have no rows and columns.
    """

    real: Real = "images"
    unit = "pixel"

    @config
    class Config:
        """What is known of every image.

        Attributes:
            num_levels: 2 (black and white) to 256.
            shape: rows, columns and channels (1 or 3).
            ordered: whether the channels of a pixel are steps, one after the other, each given those before it.
        """

        kind: Literal["pixels"] = "pixels"
        num_levels: Annotated[int, Field(ge=2, le=256), Number] = 256
        shape: Shape | None = None
        ordered: bool = False

    def __init__(self, config: Config) -> None:
        self.config, self.shape = config, config.shape
        self.num_symbols = config.num_levels
        has_colour = config.shape is not None and config.shape[2] == COLOUR
        self.num_elements = COLOUR if has_colour and not config.ordered else None
        self.unit = "value" if has_colour and config.ordered else "pixel"

    @property
    def steps_per_pixel(self) -> int:
        """3 where the channels of a pixel are steps, otherwise 1."""
        return COLOUR if self.unit == "value" else 1

    @property
    def file_facts(self) -> dict[str, Any]:
        shape = {} if self.shape is None else {"shape": list(self.shape)}
        return {**super().file_facts, **shape}

    def encode_each(self, images: np.ndarray) -> np.ndarray:
        """Images (N, T) or (N, T, 3) of bytes as N rows of symbols."""
        steps = images.shape[1] * self.steps_per_pixel
        return self.encode(images).reshape(len(images), steps, *images.shape[2:] * (self.steps_per_pixel == 1))

    def encode(self, real: Any) -> np.ndarray:
        """Bytes 0 to 255, of any shape, as int64 symbols; ordered pixels (T, 3) as 3·T of them.

        Raises:
            DataError: the pixels are not uint8.
        """
        values = np.asarray(real)
        if values.dtype != np.uint8:
            raise DataError(f"pixels are {values.dtype}; give bytes from 0 to 255 (uint8)")
        if self.steps_per_pixel > 1 and values.ndim > 1:
            values = values.reshape(-1)
        return (2 * values.astype(np.int64) * (self.num_symbols - 1) + 255) // 510

    def decode(self, symbols: np.ndarray) -> np.ndarray:
        """Symbols as the nearest bytes (uint8) of the same shape: 0 becomes 0, and the highest symbol 255.

        Raises:
            DataError: a symbol is outside the alphabet.
        """
        top = self.num_symbols - 1
        return ((510 * checked_symbols(symbols, self.num_symbols) + top) // (2 * top)).astype(np.uint8)

    def to_scalar(self, symbols: Tensor) -> Tensor:
        """Symbols as q / (num_levels - 1) in [0, 1], in torch's default dtype; the start symbol is 0.0."""
        return (symbols / (self.num_symbols - 1)).masked_fill(symbols == self.start_symbol, 0.0)
