"""The contract of a task: one kind of data, what a recipe says of it, and how its splits are read."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from undertow.callbacks import Downloads, Say, silent
from undertow.data.examples import Examples
from undertow.data.folder import SPLITS
from undertow.data.needs import Needs
from undertow.data.told import Told
from undertow.media import Medium
from undertow.recipes.samples import Maker, Samples, of_length
from undertow.training.measure import Measured


@dataclass(frozen=True, kw_only=True)
class Cut:
    """How sequences are cut for training.

    Attributes:
        crop_steps: counted steps of a crop at most; None: whole sequences.
        context_steps: steps before a crop that are seen and not counted; None: what the model sees, where that ends.
        is_exact: that is all that it sees, and nothing where that has no end. Otherwise it is one step less, in whose
            place the first counted step sees the start symbol, and one step where it has no end.
        validation_steps: counted steps of a held-out crop; None: as it is told by `crop_steps`.
        carry_state: each row of a batch goes on where that of the batch before ended, with the state it had.
        tokens_per_batch: of pairs, symbols of a batch, sources and padding included; None where sequences are cut.
    """

    crop_steps: int | None = None
    context_steps: int | None = None
    is_exact: bool = False
    validation_steps: int | None = None
    carry_state: bool = False
    tokens_per_batch: int | None = None


class Task(ABC):
    """The data of one run. It knows no model: it says what its data is like, and reads what a model needs.

    Each has a nested `Config`, the `data` section of a recipe.

    Args:
        config: the section, with a source.
        say: takes lines on what was read.
    """

    Config: type[Any]

    def __init__(self, config: Any, say: Say = silent) -> None:
        self.config, self.say = config, say

    @staticmethod
    @abstractmethod
    def choose(config: Any, given: str | Path | None) -> Any:
        """The data section with what a user gave in place of its source.

        Raises:
            UsageError: neither names a source, or it is no such data.
        """

    @staticmethod
    @abstractmethod
    def fetch(config: Any, downloads: Downloads = nullcontext) -> None:
        """Download what is named and not on this machine; `downloads()` is open meanwhile.

        Raises:
            DataError: it cannot be had.
        """

    @staticmethod
    @abstractmethod
    def expected(config: Any) -> Told:
        """What the section alone says of the data, before it is read."""

    @staticmethod
    def name(config: Any) -> str:
        """What the data is called."""
        return str(config.source)

    @staticmethod
    def splits(config: Any) -> Sequence[str]:
        """The splits that there is something of."""
        return SPLITS

    @staticmethod
    def to_score(config: Any) -> Any:
        """The section to score its data by: what is left out or cut up in training is not."""
        return config

    @abstractmethod
    def told(self) -> Told:
        """What the data says about itself.

        Raises:
            DataError: the data cannot be used.
        """

    @abstractmethod
    def read(self, split: str, needs: Needs) -> Examples:
        """One split, as a model needs it.

        Raises:
            UsageError: the model is not of such data.
            DataError: there is nothing of it, it cannot be used, or has what the model does not know.
        """

    @property
    def cut(self) -> Cut:
        """How it is cut for training."""
        return Cut()

    def measure(self, validation: Examples) -> Measured | None:
        """What validations are judged by in place of their loss; None where that is what they are judged by."""
        return None

    def samples(self, settings: Samples, sets: Mapping[str, Examples], medium: Medium) -> Maker | None:
        """What lets a model make some examples at each validation, for the medium to write; None for none."""
        return of_length(settings, medium)
