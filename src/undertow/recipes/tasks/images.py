"""Images: pictures of one shape, each a sequence of its values in raster order.

N images, H rows, W columns, C channels.
"""

from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from undertow.alphabets import Pixels
from undertow.callbacks import Downloads, Say, silent
from undertow.config import Name, Number, config
from undertow.data.needs import Needs
from undertow.data.pictures import SHAPES, Pictures, load_pictures
from undertow.data.sequences import SequenceSet
from undertow.data.told import Label, Told
from undertow.errors import UsageError
from undertow.recipes.tasks.named_sets import fetch_named, placed
from undertow.recipes.tasks.task import Task

TWO_LEVELS = ("binarized_mnist",)
CHUNK = 1024  # images encoded at once


@config
class WhichImages:
    """Which images.

    Attributes:
        source: a named set, a folder of PNG, JPEG and WebP files, an .npy, .npz or idx file.
        path: folder of a named set, if it is neither in UNDERTOW_DATA nor in the cache.
        size: resize the middle square of each image to so many pixels a side; by default they stay as they are.
        grey: make colour grey.
    """

    source: Name | None = None
    path: Name | None = None
    size: Annotated[int, Field(ge=2, le=4096), Number] | None = None
    grey: bool = False


class ImagesTask(Task):
    """Whole images of a named set, of a folder, or of a file of arrays."""

    @config
    class Config(WhichImages):
        """Which images."""

        kind: Literal["images"] = "images"

    def __init__(self, config: Any, say: Say = silent) -> None:
        super().__init__(config, say)
        self._pictures = cache(self._load)  # by the name of a split

    @staticmethod
    def choose(config: Any, given: str | Path | None) -> Any:
        return placed(config, given, "images", "this recipe needs images: give a folder or a named set, as --data")

    @staticmethod
    def fetch(config: Any, downloads: Downloads = nullcontext) -> None:
        fetch_named(config, downloads)

    @staticmethod
    def expected(config: Any) -> Told:
        return Told(real="images", alphabet=_alphabet(config, SHAPES.get(config.source or "")), labels=None)

    def told(self) -> Told:
        pictures = self._pictures("train")
        labels = {name: Label(classes) for name, classes in pictures.classes.items()}
        return Told(real="images", alphabet=_alphabet(self.config, pictures.shape), labels=labels)

    def read(self, split: str, needs: Needs) -> SequenceSet:
        alphabet, pictures = needs.alphabet, self._pictures(split)
        if not isinstance(alphabet, Pixels):
            raise UsageError(f"the data is images, but the model needs {alphabet.real}")
        if alphabet.shape not in (None, pictures.shape):
            help = f"; set data.size={alphabet.shape[0]}" if alphabet.shape[0] == alphabet.shape[1] else ""
            raise UsageError(
                f"the {split} images have shape {pictures.shape}, but the model needs {alphabet.shape} (rows, columns, "
                f"channels){help}"
            )
        height, width, channels = pictures.shape
        pixels = pictures.pixels.reshape(len(pictures.pixels), height * width, *(() if channels == 1 else (channels,)))
        symbols = [
            alphabet.encode_each(pixels[start : start + CHUNK]).astype(np.uint8)
            for start in range(0, len(pixels), CHUNK)
        ]
        labels = {name: _known(values, pictures, name, needs) for name, values in pictures.labels.items()}
        return SequenceSet(list(np.concatenate(symbols)), labels, names=list(pictures.names))

    def _load(self, split: str) -> Pictures:
        config = self.config
        assert config.source is not None
        return load_pictures(config.source, split, config.path, size=config.size, grey=config.grey, say=self.say)


def _alphabet(config: Any, shape: tuple[int, int, int] | None) -> dict[str, Any]:
    """The alphabet of images of a shape, before or after they are made grey or resized; a step is a value."""
    levels = {"num_levels": 2} if config.source in TWO_LEVELS else {}
    if shape is None:
        return {"kind": "pixels", **levels}
    height, width, channels = shape
    if config.size is not None:
        height = width = config.size
    channels = 1 if config.grey else channels
    return {"kind": "pixels", **levels, "shape": [height, width, channels], "ordered": channels > 1}


def _known(values: np.ndarray, pictures: Pictures, name: str, needs: Needs) -> np.ndarray:
    """Labels as indices of the model's classes; -1 where it does not know a class."""
    wanted: Any = needs.classes.get(name)
    if needs.predicted is not None and needs.predicted.name == name:
        wanted = needs.predicted.classes
    if wanted is None:
        return values
    index = np.array([wanted.index(one) if one in wanted else -1 for one in pictures.classes[name]] + [-1])
    return index[values]
