"""Images with a class for every pixel."""

from collections.abc import Mapping
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from undertow.alphabets import Pixels
from undertow.callbacks import Downloads, Say, silent
from undertow.config import Name, Number, config
from undertow.data.examples import Examples
from undertow.data.labelled_images import LabelledImages, load_labelled_images
from undertow.data.needs import Needs
from undertow.data.sequences import SequenceSet
from undertow.data.told import Label, Told
from undertow.data.windows import Window
from undertow.errors import DataError, UsageError, counted
from undertow.media import Medium
from undertow.recipes.samples import Maker, Samples
from undertow.recipes.tasks.named_sets import fetch_named, placed
from undertow.recipes.tasks.task import Cut, Task

LABEL = "class"
NUM_LEVELS = 256
Side = Annotated[int, Field(ge=1, le=8192), Number]


class SegmentationTask(Task):
    """Images and masks of a named set, of a folder, or of a file of arrays; windows of them for training."""

    @config
    class Config:
        """Which images, and how they are varied in training.

        Attributes:
            source: a named set, a folder with images/ and masks/, or an .npz file; see
                `undertow.data.labelled_images.load_labelled_images`.
            path: folder of a named set, if it is neither in UNDERTOW_DATA nor in the cache.
            size: resize to so many rows and columns; by default images stay as they are, and must have one size.
            classes: their names, in the order of the values in masks; by default those of the set, of classes.txt, or
                the numbers.
            ignore: values of pixels without a class; by default 255, or the set's own.
            window: rows and columns of a training window; by default the whole image.
            scale: most by which windows are enlarged or shrunk, at random.
            flip: mirror half of the windows, left to right.
            brightness: most by which windows are made brighter or darker: 0.2 is up to 1.2 times.
        """

        kind: Literal["segmentation"] = "segmentation"
        source: Name | None = None
        path: Name | None = None
        size: tuple[Side, Side] | None = None
        classes: tuple[Name, ...] | None = None
        ignore: tuple[Annotated[int, Field(ge=0, le=65535), Number], ...] | None = None
        window: tuple[Side, Side] | None = None
        scale: Annotated[float, Field(ge=1, le=8), Number] = 1.0
        flip: bool = True
        brightness: Annotated[float, Field(ge=0, le=4), Number] = 0.0

    def __init__(self, config: Config, say: Say = silent) -> None:
        super().__init__(config, say)
        self._images = cache(self._load)  # by the name of a split

    @staticmethod
    def choose(config: Config, given: str | Path | None) -> Config:
        missing = "this recipe needs images and masks: give a folder or a named set, as --data"
        return placed(config, given, "segmentation", missing)

    @staticmethod
    def fetch(config: Config, downloads: Downloads = nullcontext) -> None:
        fetch_named(config, downloads)

    @staticmethod
    def expected(config: Config) -> Told:
        return Told(real="images", alphabet=_alphabet((2, 2, 3)), labels=None)

    def told(self) -> Told:
        found = self._images("train")
        label = Label(found.classes, of_steps=True, shares=found.shares)
        return Told(real="images", alphabet=_alphabet(found.pixels.shape[1:]), labels={LABEL: label})

    def read(self, split: str, needs: Needs) -> SequenceSet:
        alphabet, found, wanted = needs.alphabet, self._images(split), needs.predicted
        if not isinstance(alphabet, Pixels) or alphabet.num_symbols != NUM_LEVELS or wanted is None:
            raise UsageError(f"the data is images with a class for each pixel; the model reads other {alphabet.real}")
        count, height, width, channels = found.pixels.shape
        if channels != (alphabet.num_elements or 1):
            raise DataError(f"the {split} images have {counted(channels, 'channel')}, not {alphabet.num_elements or 1}")
        if wanted.classes is not None and found.classes != wanted.classes:
            raise DataError(
                f"the data has the classes {', '.join(found.classes)}, but the model {', '.join(wanted.classes)}; "
                "set data.classes, or add a classes.txt, where only the names differ"
            )
        pixels = found.pixels.reshape(count, height * width, *(() if channels == 1 else (channels,)))
        labels = {LABEL: list(found.masks.reshape(count, -1))}
        return SequenceSet(list(pixels), labels, list(found.names), (height, width))

    @property
    def cut(self) -> Cut:
        config = self.config
        return Cut(
            window=Window(size=config.window, scale=config.scale, flip=config.flip, brightness=config.brightness)
        )

    def samples(self, settings: Samples, sets: Mapping[str, Examples], medium: Medium) -> Maker | None:
        return None

    def _load(self, split: str) -> LabelledImages:
        config = self.config
        assert config.source is not None
        options: dict[str, Any] = {"size": config.size, "classes": config.classes, "ignore": config.ignore}
        return load_labelled_images(config.source, split, config.path, **options, say=self.say)


def _alphabet(shape: tuple[int, ...]) -> dict[str, Any]:
    """The alphabet of images of a shape."""
    return {"kind": "pixels", "num_levels": NUM_LEVELS, "shape": [int(size) for size in shape]}
