"""Training batches of windows of images: cut, scaled, mirrored and brightened at random, a function of seed and step.

B batch, H rows, W columns, C channels.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from undertow.batch import Batch
from undertow.data.batches import cut, rows_of_rank
from undertow.data.crops import Order
from undertow.data.examples import Examples, is_of_steps

WINDOWS = 7  # the place of this use of the seed among others


@dataclass(frozen=True, kw_only=True)
class Window:
    """How windows are cut.

    Attributes:
        size: rows and columns; None: those of the images.
        scale: most by which a window is enlarged or shrunk, 1 or more.
        flip: whether half of them are mirrored, left to right.
        brightness: most by which their values are multiplied or divided, less 1: 0.2 is up to 1.2 times.
    """

    size: tuple[int, int] | None = None
    scale: float = 1.0
    flip: bool = True
    brightness: float = 0.0


class WindowBatches:
    """Windows of images with labels of each pixel: `batch(step)` depends on the seed and the step alone.

    Where a window is larger than the image, the rest has no label and is not counted.

    Args:
        examples: with a `grid`: each is a whole image.
        batch_size: B, windows a rank and step.
    """

    def __init__(
        self, examples: Examples, window: Window, batch_size: int, seed: int, rank: int = 0, world_size: int = 1
    ) -> None:
        assert examples.grid is not None
        self.examples, self.window, self.seed = examples, window, seed
        self.rows, self.size = rows_of_rank(batch_size, seed, rank, world_size), window.size or examples.grid
        self.order = Order(cut(examples, None, 0), batch_size * world_size, seed)

    def batch(self, step: int) -> Batch:
        """This rank's windows of the global batch of `step`, counted from 0."""
        crops, first = self.order.batch(step)[self.rows], self.rows.start
        made = [self._window(crop.number, step, first + place) for place, crop in enumerate(crops)]
        names = {name for name, values in self.examples.labels.items() if is_of_steps(values)}
        return Batch(
            symbols=torch.stack([symbols for symbols, _, _ in made]),
            counted=torch.stack([counted for _, counted, _ in made]),
            labels={name: torch.stack([labels[name] for _, _, labels in made]) for name in names},
            names=tuple(self.examples.name(crop.number) for crop in crops),
        )

    def _window(self, number: int, step: int, place: int) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """One window (H, W) or (H, W, C), the pixels that it has of the image, and their labels."""
        examples, random = self.examples, np.random.default_rng([self.seed, WINDOWS, step, place])
        assert examples.grid is not None
        steps = int(examples.lengths[number])
        image = examples.read(number, 0, steps).reshape(*examples.grid, *examples.step_shape)
        height, width = self.size
        scale = math.exp(random.uniform(-1, 1) * math.log(self.window.scale))
        taken = [max(1, round(side / scale)) for side in self.size]  # rows and columns of the image
        starts = [_start(random, side, whole) for side, whole in zip(taken, examples.grid, strict=True)]
        mirrored = self.window.flip and random.random() < 0.5
        light = math.exp(random.uniform(-1, 1) * math.log1p(self.window.brightness))
        rows, columns = (
            start + (np.arange(size) * side + side // 2) // size if side != size else start + np.arange(size)
            for start, size, side in zip(starts, (height, width), taken, strict=True)
        )
        columns = columns[::-1] if mirrored else columns
        there = ((rows >= 0) & (rows < examples.grid[0]))[:, None] & ((columns >= 0) & (columns < examples.grid[1]))
        at = rows.clip(0, examples.grid[0] - 1)[:, None], columns.clip(0, examples.grid[1] - 1)
        values = _smooth(image, starts, taken, self.size, mirrored) if taken != [height, width] else image[at]
        if light != 1:
            values = np.rint(values * light).clip(0, 255)
        counted = torch.from_numpy(there)
        symbols = torch.from_numpy(np.ascontiguousarray(values).astype(np.int64))
        labels = {
            name: torch.from_numpy(np.where(there, found[number].reshape(examples.grid)[at], -1).astype(np.int64))
            for name, found in examples.labels.items()
            if is_of_steps(found)
        }
        return symbols, counted, labels


def _start(random: np.random.Generator, side: int, whole: int) -> int:
    """Where a window of a side begins in an image; before it, if it is larger."""
    return int(random.integers(min(0, whole - side), max(0, whole - side) + 1))


def _smooth(
    image: np.ndarray, starts: list[int], taken: list[int], size: tuple[int, int], mirrored: bool
) -> np.ndarray:
    """A part of an image at another size, by linear interpolation; pixels at its edge stand for those beyond it."""
    (top, left), (rows, columns) = starts, taken
    down = np.arange(top, top + rows).clip(0, image.shape[0] - 1)
    right = np.arange(left, left + columns).clip(0, image.shape[1] - 1)
    part = torch.from_numpy(image[down[:, None], right].astype(np.float32))
    part = part[..., None] if part.ndim == 2 else part
    scaled = F.interpolate(part.movedim(-1, 0)[None], size, mode="bilinear", align_corners=False, antialias=True)
    found = scaled[0].movedim(0, -1).numpy().round()
    found = found[:, ::-1] if mirrored else found
    return found if image.ndim == 3 else found[..., 0]
