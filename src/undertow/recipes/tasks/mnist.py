"""MNIST pixel by pixel: 784 steps, then the digit; or a model of the images themselves."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from undertow import alphabets
from undertow.alphabets import Pixels
from undertow.config import config
from undertow.data.mnist import NAME, NUM_VALIDATION, SHAPE, load_mnist
from undertow.data.sequences import SequenceSet
from undertow.errors import UsageError
from undertow.recipes.callbacks import Downloads, Say
from undertow.recipes.tasks.named import fetch_named
from undertow.recipes.tasks.sequences import SequenceTask
from undertow.recipes.tasks.task import parse_model, section

LABEL, DIGITS = "digit", tuple("0123456789")
NUM_LEVELS = 256


class MnistTask(SequenceTask):
    """Images of digits, a sequence of pixels each."""

    @config
    class Config:
        """Which images, and in which order their pixels come.

        Attributes:
            path: a folder of four files named as MNIST's, which may be another set laid out alike; by default MNIST.
            permuted: pixels in one fixed other order.
            num_validation: images held out, the last of the published training set.
        """

        kind: Literal["mnist"] = "mnist"
        source: Literal["mnist"] = "mnist"
        path: str | None = None
        permuted: bool = False
        num_validation: Annotated[int, Field(ge=1)] = NUM_VALIDATION

    def __init__(self, config: Config, model: Mapping[str, Any], say: Say) -> None:
        self.config, self.model = config, _completed(config, model)
        alphabet = alphabets.build(self.model_config.alphabet)
        self.sets = {split: self.read(config, split, alphabet, say) for split in ("train", "validation")}
        self.tell_of_sets(f"{NAME}, {len(self.sets['train']):,} images to train on", "pixel", say)

    @staticmethod
    def read(config: Config, split: str, alphabet: Any, say: Say) -> SequenceSet:
        if not isinstance(alphabet, Pixels) or alphabet.num_symbols != NUM_LEVELS:
            raise UsageError(f"the data is pixels of {NUM_LEVELS} levels, and the model one of other {alphabet.real}")
        if alphabet.shape not in (None, SHAPE):
            raise UsageError(f"the data is images of shape {SHAPE}, and the model one of {alphabet.shape}")
        options: dict[str, Any] = {"permuted": config.permuted, "num_validation": config.num_validation}
        return load_mnist(split, config.path, **options)

    @staticmethod
    def choose(config: Config, given: str | Path | None) -> Config:
        if given is None or str(given) == NAME:
            return config
        if not Path(given).is_dir():
            raise UsageError(f"'{given}' is no folder; this recipe is for {NAME}, or a folder of files named as its")
        return replace(config, path=str(Path(given).resolve()))

    @staticmethod
    def check(config: Config, model: Mapping[str, Any]) -> None:
        parse_model(_completed(config, model))

    @staticmethod
    def fetch(config: Config, downloads: Downloads = nullcontext) -> None:
        fetch_named(config, downloads)


def _completed(config: MnistTask.Config, model: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe's model with what the images tell of it; in another order, their pixels have no rows."""
    told = {"label": LABEL, "classes": DIGITS} if model.get("kind") == "classifier" else {}
    shape = {} if config.permuted else {"shape": SHAPE}
    alphabet = {"kind": "pixels", "num_levels": NUM_LEVELS, **shape}
    given = section(model, "alphabet")
    if given.get("kind", "pixels") == "pixels":
        given = alphabet | given
    return {**told, **model, "alphabet": given}
