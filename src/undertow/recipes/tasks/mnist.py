"""MNIST pixel by pixel: 784 steps, then the digit; or a model of the images themselves."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from undertow.alphabets import Pixels
from undertow.callbacks import Downloads
from undertow.config import Count, Name, config
from undertow.data.mnist import NAME, NUM_VALIDATION, SHAPE, load_mnist
from undertow.data.needs import Needs
from undertow.data.sequences import SequenceSet
from undertow.data.told import Label, Told
from undertow.errors import UsageError
from undertow.recipes.tasks.named_sets import fetch_named
from undertow.recipes.tasks.task import Task

LABEL, DIGITS = "digit", tuple("0123456789")
NUM_LEVELS = 256


class MnistTask(Task):
    """Images of digits, each a sequence of pixels."""

    @config
    class Config:
        """Which images, and the order of their pixels.

        Attributes:
            path: a folder of four files named like MNIST's, of MNIST or another set with its layout; by default MNIST.
            permuted: whether to put pixels in another, fixed order.
            num_validation: number of held-out images, the last of the published training set.
        """

        kind: Literal["mnist"] = "mnist"
        source: Literal["mnist"] = "mnist"
        path: Name | None = None
        permuted: bool = False
        num_validation: Count = NUM_VALIDATION

    @staticmethod
    def choose(config: Config, given: str | Path | None) -> Config:
        if given is None or str(given) == NAME:
            return config
        if not Path(given).is_dir():
            raise UsageError(f"'{given}' is not a folder; this recipe needs {NAME}, or a folder with its file names")
        return replace(config, path=str(Path(given).resolve()))

    @staticmethod
    def fetch(config: Config, downloads: Downloads = nullcontext) -> None:
        fetch_named(config, downloads)

    @staticmethod
    def expected(config: Config) -> Told:
        shape = {} if config.permuted else {"shape": SHAPE}  # in another order, pixels have no rows
        alphabet = {"kind": "pixels", "num_levels": NUM_LEVELS, **shape}
        return Told(real="images", alphabet=alphabet, labels={LABEL: Label(DIGITS)})

    def told(self) -> Told:
        return self.expected(self.config)

    def read(self, split: str, needs: Needs) -> SequenceSet:
        if not isinstance(needs.alphabet, Pixels) or needs.alphabet.num_symbols != NUM_LEVELS:
            real = needs.alphabet.real
            raise UsageError(f"the data is pixels of {NUM_LEVELS} levels, but the model needs other {real}")
        if needs.alphabet.shape not in (None, SHAPE):
            raise UsageError(f"the data is images of shape {SHAPE}, but the model needs {needs.alphabet.shape}")
        options: dict[str, Any] = {"permuted": self.config.permuted, "num_validation": self.config.num_validation}
        return load_mnist(split, self.config.path, **options)
