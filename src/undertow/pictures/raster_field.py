"""What a pixel of an image sees of the others, measured by gradients.

H rows, W columns, C channels of an image; O channels of the pixel that are looked at.
"""

import copy
from dataclasses import dataclass

import numpy as np
import torch

from undertow.alphabets.pixels import Pixels
from undertow.config import check_whole
from undertow.models.autoregressive import Autoregressive
from undertow.pictures.receptive_field import ROWS, input_gradient

CHANNELS = ("red", "green", "blue")


@dataclass(frozen=True, eq=False)
class RasterField:
    """How much each value of an image moves the parameters of one pixel.

    Attributes:
        magnitude: (O, H, W, C), or (O, H, W, 1) where a step is a whole pixel. Root mean square, over random images, of
            the norm of the gradient; 0 for values that come after the one that is predicted.
        row, column: the pixel, from 0.
        outputs: what each of its predictions is of: "red", "green" and "blue", or "pixel".
        declared: the receptive field that the model states, in steps; None for all of the past.
    """

    magnitude: np.ndarray
    row: int
    column: int
    outputs: tuple[str, ...]
    declared: int | None

    @property
    def seen(self) -> np.ndarray:
        """(H, W) bool: the pixels that are seen, by the last prediction of the pixel."""
        found: np.ndarray = self.magnitude[-1].any(axis=-1)
        found[self.row, self.column] = False
        return found

    @property
    def rows_above(self) -> int:
        """How many rows above its own are seen."""
        seen = np.flatnonzero(self.seen.any(axis=1))
        return self.row - int(seen[0]) if len(seen) else 0

    @property
    def before(self) -> np.ndarray:
        """(H, W) bool: the pixels before this one."""
        height, width = self.magnitude.shape[1:3]
        return np.arange(height * width).reshape(height, width) < self.row * width + self.column

    @property
    def blind(self) -> np.ndarray:
        """(H, W) bool: pixels before this one that are not seen, among the rows and columns that others are seen in."""
        seen = self.seen
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        box = np.zeros_like(seen)
        if len(rows):
            box[rows[0] :, columns[0] : columns[-1] + 1] = True
        return box & self.before & ~seen


def shape_of(model: Autoregressive) -> tuple[int, int, int] | None:
    """Rows, columns and channels of a model's images; None if it is of something else, or does not know them."""
    return model.alphabet.shape if isinstance(model.alphabet, Pixels) else None


def measure_raster(model: Autoregressive, shape: tuple[int, int, int], num_steps: int | None = None) -> RasterField:
    """Measure a model of images of a shape, with random ones, unconditioned, in float64 on the CPU.

    Args:
        num_steps: how many inputs there are, the start included: the pixel that follows is looked at. By default that
            in the middle of the last row.

    Raises:
        UsageError: there is no such pixel.
    """
    height, width, channels = shape
    group = channels if model.alphabet.unit == "value" else 1
    if num_steps is None:
        num_steps = ((height - 1) * width + width // 2) * group + 1
    check_whole("steps", num_steps, 1, height * width * group)
    pixel = (num_steps - 1) // group
    twin = copy.deepcopy(model).double().cpu().eval()
    noise = torch.Generator().manual_seed(0)
    found = np.zeros((group, height * width * group))
    for channel in range(group):
        place = pixel * group + channel
        for _ in range(ROWS):
            ages = input_gradient(twin, place + 1, noise)[:place]  # without the start
            found[channel, :place] += ages.flip(0).square().numpy() / ROWS
    magnitude = np.sqrt(found).reshape(group, height, width, group)
    outputs = CHANNELS if group > 1 else ("pixel",)
    return RasterField(magnitude, pixel // width, pixel % width, outputs, model.receptive_field)
