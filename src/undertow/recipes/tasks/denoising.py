"""Images with noise, and the same without it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from undertow.config import Number, config
from undertow.data.examples import Examples
from undertow.data.needs import Needs
from undertow.data.sequences import SequenceSet
from undertow.data.told import Label, Told
from undertow.errors import UsageError
from undertow.media import Medium
from undertow.recipes.samples import Maker, Samples
from undertow.recipes.tasks.images import ImagesTask, WhichImages

CLEAN = "clean"
SPLIT_SEEDS = {"train": 0, "validation": 1, "test": 2}


class DenoisingTask(ImagesTask):
    """Whole images of a named set, of a folder, or of a file of arrays, with noise of a fixed seed on each."""

    @config
    class Config(WhichImages):
        """Which images, and how much noise.

        Attributes:
            noise: standard deviation of Gaussian noise on values of 0 to 255; noisy values are rounded and cut there.
        """

        kind: Literal["denoising"] = "denoising"
        noise: Annotated[float, Field(gt=0, le=255), Number] = 25.0

    @staticmethod
    def expected(config: Any) -> Told:
        told = ImagesTask.expected(config)
        return replace(told, alphabet=_plain(told.alphabet), labels={CLEAN: Label(None, of_steps=True)})

    def told(self) -> Told:
        told = super().told()
        return replace(told, alphabet=_plain(told.alphabet), labels={CLEAN: Label(None, of_steps=True)})

    def read(self, split: str, needs: Needs) -> SequenceSet:
        if needs.predicted is None or needs.predicted.classes is not None:
            raise UsageError("the data is noisy images and clean ones; it needs a model of kind denoiser")
        clean = super().read(split, replace(needs, predicted=None))
        height, width, _ = self._pictures(split).shape
        noisy = []
        for number, image in enumerate(clean.sequences):
            random = np.random.default_rng([SPLIT_SEEDS.get(split, 3), number])
            values = image + random.normal(0, self.config.noise, image.shape)
            noisy.append(np.rint(values).clip(0, 255).astype(np.uint8))
        return SequenceSet(noisy, {CLEAN: list(clean.sequences)}, clean.names, (height, width))

    def samples(self, settings: Samples, sets: Mapping[str, Examples], medium: Medium) -> Maker | None:
        return None


def _plain(alphabet: Any) -> dict[str, Any]:
    """The alphabet of whole pixels of 256 levels."""
    return {**alphabet, "num_levels": 256, "ordered": False}
