"""The class of every pixel of new images.

H rows, W columns, C channels, K classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np
import torch

from undertow.arguments import checked, is_one, several
from undertow.callbacks import OnProgress
from undertow.checkpoint import AnyModel, model_given
from undertow.config import check_whole
from undertow.data.audio import Audio
from undertow.data.image_files import SUFFIXES, read_image, to_colour, to_grey
from undertow.errors import DataError, UsageError, one_of
from undertow.media.arrays import read_array
from undertow.models import Model
from undertow.prediction.tiling import label_image

Image = str | Path | np.ndarray


@dataclass(frozen=True, eq=False)
class Segmentation:
    """The classes of an image's pixels.

    Attributes:
        name: the file, or the image's number.
        image: (H, W, C) uint8, as the model read it.
        classes: (H, W) uint8, the most probable class of each pixel.
        probability: (H, W) float32, the model's probability of that class.
        names: of the K classes.
        notes: for the user, on changes to the image.
    """

    name: str
    image: np.ndarray
    classes: np.ndarray
    probability: np.ndarray
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def shares(self) -> dict[str, float]:
        """The share of the pixels of each class, all of them in the model's order."""
        counts = np.bincount(self.classes.reshape(-1), minlength=len(self.names)) / self.classes.size
        return dict(zip(self.names, counts.tolist(), strict=True))


@overload
def segment(  # type: ignore[overload-overlap]
    model: AnyModel, images: Image, *, tile: int | None = ..., progress: OnProgress | None = ...
) -> Segmentation: ...


@overload
def segment(
    model: AnyModel, images: Sequence[Image], *, tile: int | None = ..., progress: OnProgress | None = ...
) -> list[Segmentation]: ...


@checked
def segment(
    model: AnyModel,
    images: Image | Sequence[Image],
    *,
    tile: int | None = None,
    progress: OnProgress | None = None,
) -> Segmentation | list[Segmentation]:
    """Give every pixel of new images its most probable class. One image gives one result.

    Args:
        model: a segmenter, or the folder of a checkpoint or of a run.
        images: one or several, of any size: image files, arrays (H, W) or (H, W, C) of bytes, or files of one.
        tile: rows and columns of the tiles in which an image is read; they change no class. By default an image of up
            to 2^20 pixels is read whole, and a larger one in tiles of about as many.
        progress: called after each image with the images done and the images in all.

    Raises:
        UsageError: the model labels no pixels, or something is not an image.
        DataError: an image is missing, damaged or empty.
    """
    ready, given = model_given(model, "segment"), several(images)
    if tile is not None:
        check_whole("tile", tile, 1)
    found = []
    for number, one in enumerate(given, start=1):
        found.append(segment_one(ready, one, number, tile))
        if progress is not None:
            progress(number, len(given))
    return found[0] if is_one(images) else found


def segment_one(model: Model, given: Image, number: int = 1, tile: int | None = None) -> Segmentation:
    """`segment` for one image of several; `number` names one without a file."""
    name = str(given) if isinstance(given, str | Path) else f"image {number}"
    pixels, notes = _read(model, given, name)
    values = torch.from_numpy(pixels.astype(np.int64))
    found = label_image(model, values[..., 0] if pixels.shape[2] == 1 else values, tile)
    classes: Any = model.config.classes
    return Segmentation(name, pixels, found.classes.numpy().astype(np.uint8), found.probability.numpy(), classes, notes)


def _read(model: Model, given: Image, name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """An image (H, W, C) in the model's channels, and notes on how it was changed."""
    if isinstance(given, Audio):
        raise UsageError("a sound has no pixels; give an image")
    notes: tuple[str, ...] = ()
    if isinstance(given, str | Path) and Path(given).suffix.lower() in SUFFIXES:
        pixels, notes = read_image(given)
    elif isinstance(given, str | Path) and Path(given).suffix.lower() not in (".npy", ".npz"):
        raise DataError(f"{name} is not an image: give a file that ends in {one_of([*SUFFIXES, '.npy', '.npz'])}")
    else:
        pixels = read_array(given, "images")
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or not pixels.size:
        raise DataError(
            f"{name} has shape {pixels.shape} and type {pixels.dtype}; an image is (rows, columns) or (rows, columns, "
            "3) of uint8"
        )
    wanted = model.needs.alphabet.num_elements or 1
    if wanted != pixels.shape[2]:
        notes = (*notes, "grey made colour" if wanted == 3 else "colour made grey")
        pixels = to_colour(pixels) if wanted == 3 else to_grey(pixels)
    return pixels, notes
