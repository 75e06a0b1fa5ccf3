"""The contract of a task: one kind of data, its section in a recipe, and how its splits are read."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from undertow.callbacks import Downloads, Say, silent
from undertow.config import to_dict
from undertow.data.catalogue import CATALOGUE
from undertow.data.examples import Examples
from undertow.data.folder import SPLITS
from undertow.data.needs import Needs
from undertow.data.synthetic import PLUCKED
from undertow.data.told import Told
from undertow.data.windows import Window
from undertow.media import Medium
from undertow.recipes.samples import Maker, Samples, of_length
from undertow.training.measure import Measured


@dataclass(frozen=True, kw_only=True)
class Cut:
    """How sequences are cut for training.

    Attributes:
        crop_steps: largest number of counted steps in a crop; None: whole sequences.
        context_steps: steps before a crop that the model sees and that do not count; None: the model's receptive field,
            if it is finite.
        is_exact: the default context is the whole receptive field, or nothing if it is infinite. Otherwise it is one
            step shorter, so that the first counted step sees the start symbol instead, or one step if it is infinite.
        validation_steps: counted steps of a held-out crop; None: follow `crop_steps`.
        carry_state: each row of a batch continues the same row of the batch before, and its state.
        tokens_per_batch: for pairs, symbols of a batch, sources and padding included; None for sequences.
        window: for images with labels of each pixel, how windows of them are cut; None for sequences.
    """

    crop_steps: int | None = None
    context_steps: int | None = None
    is_exact: bool = False
    validation_steps: int | None = None
    carry_state: bool = False
    tokens_per_batch: int | None = None
    window: Window | None = None


class Task(ABC):
    """The data of one run. It knows no model: it gives facts about its data, and reads what a model needs.

    Each task has a nested `Config`, the `data` section of a recipe.

    Args:
        config: the section, with a source.
        say: called with lines on what was read; those on all of a folder come once, whichever splits are read.
    """

    Config: type[Any]

    def __init__(self, config: Any, say: Say = silent) -> None:
        self.config, self.say = config, _once(say)

    @staticmethod
    @abstractmethod
    def choose(config: Any, given: str | Path | None) -> Any:
        """The data section with the user's source, if one is given.

        Raises:
            UsageError: neither names a source, or it is data of another kind.
        """

    @staticmethod
    @abstractmethod
    def fetch(config: Any, downloads: Downloads = nullcontext) -> None:
        """Download the named set if it is not on this machine; `downloads()` is open meanwhile.

        Raises:
            DataError: the download failed.
        """

    @staticmethod
    @abstractmethod
    def expected(config: Any) -> Told:
        """Facts about the data from the section alone, before the data is read."""

    @staticmethod
    def places(config: Any) -> Sequence[Path]:
        """The user's own files and folders that are read; none for a named set where it is expected."""
        section = to_dict(config)
        place = section.get("path") or section.get("source")
        is_own = place is not None and place not in (*CATALOGUE, PLUCKED) and Path(place).exists()
        return [Path(place)] if is_own else []

    @staticmethod
    def name(config: Any) -> str:
        """The name of the data."""
        return str(config.source)

    @staticmethod
    def splits(config: Any) -> Sequence[str]:
        """The splits that are not empty."""
        return SPLITS

    @staticmethod
    def to_score(config: Any) -> Any:
        """The section for scoring: nothing is skipped or split, as it may be in training."""
        return config

    @abstractmethod
    def told(self) -> Told:
        """Facts about the data.

        Raises:
            DataError: the data cannot be used.
        """

    @abstractmethod
    def read(self, split: str, needs: Needs) -> Examples:
        """One split, as a model needs it.

        Raises:
            UsageError: the model needs data of another kind.
            DataError: the split is empty, cannot be used, or holds symbols or labels that the model does not know.
        """

    @property
    def cut(self) -> Cut:
        """How it is cut for training."""
        return Cut()

    def measure(self, validation: Examples) -> Measured | None:
        """A measure to judge validations by; None to judge them by the loss."""
        return None

    def samples(self, settings: Samples, sets: Mapping[str, Examples], medium: Medium) -> Maker | None:
        """A function that lets a model generate samples at each validation, for the medium to write; None for none."""
        return of_length(settings, medium)


def _once(say: Say) -> Say:
    """The same, but a line that was said is not said again."""
    said: set[str] = set()

    def tell(line: str) -> None:
        if line not in said:
            said.add(line)
            say(line)

    return tell
