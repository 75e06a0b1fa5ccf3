"""The contract of a task: one kind of data, what a recipe says of it, and what a run makes of it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from undertow.batch import Batch
from undertow.config import nearest, parse
from undertow.data.folder import SPLITS
from undertow.errors import UsageError
from undertow.evaluation import Score
from undertow.evaluation.prediction import PredictionScore
from undertow.evaluation.sequence_likelihood import Protocol
from undertow.evaluation.translation_scores import Translated
from undertow.evaluation.word_error import Heard
from undertow.generation.beam import LENGTH_PENALTY
from undertow.models import MODELS, Autoregressive, Model, Seq2Seq
from undertow.recipes.callbacks import Downloads, Say
from undertow.recipes.samples import Samples
from undertow.recipes.tasks.excerpt import Excerpt
from undertow.training.config import TrainingConfig
from undertow.training.distributed import World
from undertow.training.measure import Measured
from undertow.training.trainer import TrainingBatches

Scored = Score | PredictionScore | Translated | Heard
OnValidation = Callable[[Model, int], None]


class Asked(NamedTuple):
    """What a user may choose of a score; each kind of data heeds what concerns it.

    Attributes:
        protocol: of a model of sequences; see `score_sequences`.
        metrics: of translations; none: all.
        beam: hypotheses that the search for a target keeps.
        length_penalty: of that search; 0 ranks by likelihood alone.
    """

    protocol: Protocol = "full"
    metrics: tuple[str, ...] = ()
    beam: int = 5
    length_penalty: float = LENGTH_PENALTY


class Task(ABC):
    """The data of one run, read.

    Each has a nested `Config`, the `data` section of a recipe, and is made as Task(config, model, say) of it, of the
    recipe's model as a plain mapping, and of what takes lines on what was read. Making it raises DataError where the
    data cannot be used, and UsageError where it is not what the model is for.
    """

    Config: type[Any]
    config: Any

    @staticmethod
    @abstractmethod
    def choose(config: Any, given: str | Path | None) -> Any:
        """The data section with what a user gave in place of its source.

        Raises:
            UsageError: neither names a source, or it is no such data.
        """

    @staticmethod
    @abstractmethod
    def check(config: Any, model: Mapping[str, Any]) -> None:
        """Refuse what can be seen to be wrong in a recipe before its data is read.

        Raises:
            UsageError: an unknown key or a wrong value.
        """

    @staticmethod
    @abstractmethod
    def fetch(config: Any, downloads: Downloads = nullcontext) -> None:
        """Download what is named and not on this machine; `downloads()` is open meanwhile.

        Raises:
            DataError: it cannot be had.
        """

    @staticmethod
    def name(config: Any) -> str:
        """What the data is called."""
        return str(config.source)

    @staticmethod
    def splits(config: Any) -> Sequence[str]:
        """The splits that there is something of."""
        return SPLITS

    @staticmethod
    @abstractmethod
    def score(config: Any, model: Any, split: str, asked: Asked, say: Say) -> Scored:
        """What a trained model makes of one split.

        Args:
            asked: what a user may choose.

        Raises:
            UsageError: the model is not of such data.
            DataError: the data cannot be used, or has what the model does not know.
        """

    @staticmethod
    @abstractmethod
    def excerpt(config: Any, model: Model, split: str, num_symbols: int, say: Say) -> Excerpt:
        """Pieces from all over one split, so many symbols in all at most.

        Args:
            say: takes lines on files that were changed or skipped.

        Raises:
            UsageError: the model is not of such data, or no autoregressive one.
            DataError: the data cannot be used, or has what the model does not know.
        """

    @property
    @abstractmethod
    def model_config(self) -> Any:
        """The model's config, with what only the data can tell filled in.

        Raises:
            UsageError: an unknown key or a wrong value in the recipe's model.
        """

    @abstractmethod
    def batches(self, model: Any, training: TrainingConfig, world: World) -> TrainingBatches:
        """This process's training batches."""

    @abstractmethod
    def validation(self, model: Any) -> Sequence[Batch]:
        """Every held-out step once, in batches whose size in memory is bounded; none where nothing is held out."""

    @abstractmethod
    def summary(self) -> dict[str, Any]:
        """What a card says of each split."""

    def baseline(self, model: Any) -> float | None:
        """Bits a symbol of the held-out part under counts of single symbols; None where there are no such counts."""
        return None

    def measure(self, model: Any) -> Measured | None:
        """What validations are judged by in place of their loss; None where that is what they are judged by."""
        return None

    def sample_writer(self, settings: Samples, out: Path) -> OnValidation | None:
        """What writes down some generated examples at each validation; None where the model generates nothing."""
        return None


def autoregressive(model: Model, found: str = "this model is") -> Autoregressive:
    """A model that must be an autoregressive one.

    Args:
        found: how an error begins that says which kind was found.

    Raises:
        UsageError: it is of another kind.
    """
    if not isinstance(model, Autoregressive):
        meant = "; undertow translate and transcribe are for such" if isinstance(model, Seq2Seq) else ""
        raise UsageError(f"{found} a {model.config.kind}; an autoregressive model is wanted here{meant}")
    return model


def parse_model(values: Mapping[str, Any]) -> Any:
    """The config of a recipe's model.

    Raises:
        UsageError: an unknown kind or key, or a wrong value.
    """
    kind = values.get("kind", "autoregressive")
    if kind not in MODELS:
        raise UsageError(f"model: unknown kind '{kind}'{nearest(str(kind), MODELS)}")
    return parse(MODELS[kind].Config, {**values, "kind": kind}, "model")


def section(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A part of the recipe's model, empty where it is not given.

    Raises:
        UsageError: it is a value and no section.
    """
    found = values.get(name) or {}
    if not isinstance(found, Mapping):
        raise UsageError(f"{name} is {found!r}; it must be a section with keys")
    return dict(found)
