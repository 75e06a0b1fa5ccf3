"""Label every pixel of an image of any size, in tiles whose memory is bounded.

H rows, W columns, C channels, K classes.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from undertow.errors import DataError, UsageError
from undertow.session.inference import inference

MOST_PIXELS = 1 << 20  # of a tile with its margin, or of an image that is read whole
LEAST_TILE = 64


class Tile(NamedTuple):
    """Rows `top` to `bottom` and columns `left` to `right`."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def at(self) -> tuple[slice, slice]:
        """The tile's place in an image."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


class Labelled(NamedTuple):
    """The most probable class of each pixel (H, W) int64, and its probability (H, W) float32."""

    classes: Tensor
    probability: Tensor


def label_image(model: Any, image: Tensor, tile: int | None = None) -> Labelled:
    """The classes of one image's pixels.

    Each tile is read with a margin as wide as the model sees, so its labels are those of the whole image. An image ends
    where it ends: what the model sees beyond is nothing, as in training, but up to a multiple of its stride the image
    is extended by reflection.

    Args:
        model: with `outputs` and a `network` that labels images.
        image: (H, W) or (H, W, C) symbols.
        tile: rows and columns of a tile, without its margin; None: the image whole if it has at most 2^20 pixels, and
            otherwise tiles of about as many with their margins.

    Raises:
        UsageError: a tile below 1, or an image too large to be read whole by a model that cannot read tiles.
        DataError: the model's weights are damaged.
    """
    height, width = image.shape[:2]
    classes = torch.empty(height, width, dtype=torch.int64)
    probability = torch.empty(height, width)
    with inference(model):
        for inner, outer in _tiles(model.network, height, width, tile):
            part = image[outer.at][None].to(model.device)
            found = model.outputs(part)[0].float().softmax(dim=-1)
            kept = found[
                inner.top - outer.top : inner.bottom - outer.top, inner.left - outer.left : inner.right - outer.left
            ]
            best = kept.max(dim=-1)
            classes[inner.at], probability[inner.at] = best.indices.cpu(), best.values.cpu()
    if not bool(torch.isfinite(probability).all()):
        raise DataError("the model's output is not a number: its weights are damaged")
    return Labelled(classes, probability)


def _tiles(network: Any, height: int, width: int, tile: int | None) -> Iterator[tuple[Tile, Tile]]:
    """Tiles of an image, and the parts of it that each is read with: they begin at multiples of the stride."""
    stride, field = getattr(network, "stride", 1), network.receptive_field
    whole = Tile(0, height, 0, width)
    if tile is None and height * width <= MOST_PIXELS:
        yield whole, whole
        return
    if field is None:
        raise UsageError(
            f"an image of {width:,} x {height:,} pixels is read in tiles, and this model does not say how far it sees; "
            "set network.front.reach, or give smaller images"
        )
    margin = _up(field // 2, stride)
    side = max(LEAST_TILE, int(MOST_PIXELS**0.5) - 2 * margin) if tile is None else tile
    if side < 1:
        raise UsageError(f"tile is {tile}; it must be 1 or more")
    side = _up(side, stride)
    for top in range(0, height, side):
        for left in range(0, width, side):
            inner = Tile(top, min(height, top + side), left, min(width, left + side))
            outer = Tile(
                max(0, top - margin),
                min(height, top + side + margin),
                max(0, left - margin),
                min(width, left + side + margin),
            )
            yield inner, outer


def _up(number: int, unit: int) -> int:
    """The next multiple of a unit."""
    return -(-number // unit) * unit
