"""The interface of a model for training, checkpoints and scoring: its config, its loss, its needs and facts."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn

from undertow.alphabets import Alphabet
from undertow.batch import Batch
from undertow.data.examples import Examples
from undertow.data.needs import Needs
from undertow.data.told import Told
from undertow.errors import UsageError
from undertow.layers import Stacked
from undertow.models.examined import Examined
from undertow.models.loss import Loss
from undertow.networks import Network
from undertow.state import State

Total = Callable[[Tensor], Tensor]
Ability = Literal[
    "generate", "translate", "transcribe", "predict", "segment", "tag", "represent", "reconstruct", "speak"
]
COMMANDS = {"predict": "classify", "represent": "probe"}  # verbs of the command line that have another name


class Model(nn.Module, ABC):
    """Anything that is trained. `forward(batch)` is its loss, so that DDP and FSDP see it.

    Attributes:
        config: the pydantic dataclass the model was built from; `type(model)(model.config)` builds a model like it.
        engine_file: the model exported to the native engine, in another precision; None for most models.
        is_density: whether its likelihoods are densities, so that nats may be negative and bits do not apply.
        has_bits: whether its loss is in nats of a symbol, to compare with counts of symbols.
        is_taught: whether it learns from a trained model, which `teach` takes.
        makes_chunks: whether it makes many steps of noise in one pass (`make`), and gives no probability of a symbol.
    """

    config: Any
    engine_file: bytes | None = None
    is_density: bool = False
    has_bits: bool = True
    is_taught: bool = False
    makes_chunks: bool = False

    @classmethod
    @abstractmethod
    def completed(cls, values: Mapping[str, Any], told: Told, say: Callable[[str], None]) -> Any:
        """The config of a recipe's model, completed from the data.

        Args:
            values: the recipe's model as a plain mapping.
            told: facts about the data. Before the data is read, its labels are unknown.
            say: called with one line for everything that is ignored.

        Raises:
            UsageError: an unknown key, a wrong value, or data that does not suit such a model.
            DataError: the data lacks something that the recipe asks for.
        """

    @property
    @abstractmethod
    def needs(self) -> Needs:
        """What it needs from its sequences."""

    @property
    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """Facts about it, plain data by name, for people and programs: the name of a symbol (`unit`), the number of
        symbols (`num_symbols`), and others that depend on its kind: `receptive_field` and `receptive_field_ms` if it
        reads its past, `direction` if it reads a source.
        """

    @property
    def file_facts(self) -> dict[str, Any]:
        """What its engine file says to programs that know no Python, by name: lists of texts, of integers, or arrays of
        float32. By default nothing.
        """
        return {}

    @property
    @abstractmethod
    def scorer(self) -> str:
        """How it is scored on held-out data: a name in `undertow.evaluation.SCORERS`."""

    @property
    def abilities(self) -> frozenset[Ability]:
        """The verbs that it supports besides train and score."""
        return frozenset()

    @property
    def precision(self) -> str:
        """The type of its weights, such as "float32"."""
        return str(next(self.parameters()).dtype).removeprefix("torch.")

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next(self.parameters()).device

    @property
    def num_parameters(self) -> int:
        """Number of trainable parameters."""
        return sum(parameter.numel() for parameter in trainable_parameters(self).values())

    @property
    def num_frozen_parameters(self) -> int:
        """Number of parameters that training does not change, such as a teacher's."""
        return sum(parameter.numel() for parameter in self.parameters() if not parameter.requires_grad)

    @abstractmethod
    def forward(self, batch: Batch, carried: State | None = None) -> Loss:
        """The loss of a batch.

        If its rows continue the batch before (`batch.continues` is given), `carried` is the state from that one, None
        at first; and the loss has the state for the next.
        """

    @abstractmethod
    def loss_text(self, loss: float) -> str:
        """A loss in its usual unit, such as "2.110 bits/sample"."""

    def fresh_weights(self, source: "Model") -> frozenset[str]:
        """Names of weights that the model does not take from `source`, even if names and shapes agree.

        By default it takes all.
        """
        return frozenset()

    def examine(self, batch: Batch) -> dict[str, Tensor]:
        """Sums over a held-out batch, by name, for `examined`: a validation adds those of all batches and processes.

        By default there is nothing to examine.
        """
        return {}

    def examined(self, sums: Mapping[str, Tensor]) -> Examined:
        """Figures and lines from the sums of `examine` over all held-out batches."""
        return Examined()

    def survey(self, examples: Examples) -> None:
        """Put facts of the training set into the config, to check by what users give. By default do nothing.

        Training calls this before it begins or resumes, in every process. It changes no weight.
        """

    def begin(self, batch: Batch) -> None:
        """Set fresh weights by a first batch, such as the scales of normalised ones. By default do nothing.

        Training calls this once, before the first update; not when it resumes, nor when it starts from another model.
        Every process calls it with its part of the batch, and all then take the weights of the first one. It must not
        depend on the random state.
        """

    def after_update(self, step: int, total: Total) -> None:
        """Update what has no gradient, such as the averages of a codebook or a schedule. By default do nothing.

        Training calls this in every process after each update of the weights. It may change persistent buffers, which
        checkpoints hold, so that a run resumes exactly. It must not change parameters. What `forward` collects for it,
        in training mode only, may be in buffers that are not persistent; empty them here.

        Args:
            step: number of the update, from 1.
            total: sums a tensor over all processes, which see different batches. Every process must call it.
        """


def trainable_parameters(model: nn.Module) -> dict[str, nn.Parameter]:
    """The trainable parameters by name: all that are not frozen (`requires_grad` is off)."""
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def past_facts(alphabet: Alphabet, receptive_field: int | None, sample_rate: int | None) -> dict[str, Any]:
    """The facts of a model that reads its own past.

    Args:
        receptive_field: number of past symbols that the next output depends on; None for all of them.
    """
    seconds = None if receptive_field is None or sample_rate is None else receptive_field / sample_rate
    return {
        "sample_rate": sample_rate,
        "num_symbols": alphabet.num_symbols,
        "unit": alphabet.unit,
        "receptive_field": receptive_field,
        "receptive_field_ms": None if seconds is None else 1000 * seconds,
    }


def past_file_facts(alphabet: Alphabet, network: Network, sample_rate: int | None) -> dict[str, Any]:
    """The `file_facts` of a model with a network that reads its past."""
    numbers = {
        "sample_rate": sample_rate,
        "receptive_field": network.receptive_field,
        "max_length": network.max_length,
    }
    known = {name: [number] for name, number in numbers.items() if number is not None}
    return {**known, **alphabet.file_facts}


def require(model: Model, ability: Ability, found: str = "this model is") -> Any:
    """The model, if it supports a verb.

    Args:
        found: how the error begins.

    Raises:
        UsageError: it does not.
    """
    if ability not in model.abilities:
        others = "".join(f"; use `undertow {COMMANDS.get(other, other)}`" for other in sorted(model.abilities))
        raise UsageError(f"{found} {_a(model.config.kind)} model, which cannot {ability}{others}")
    return model


def require_probabilities(model: Model, found: str = "this model is") -> Any:
    """The model, if it gives the probability of each symbol.

    Args:
        found: how the error begins.

    Raises:
        UsageError: it makes sound of noise alone.
    """
    if model.makes_chunks:
        raise UsageError(
            f"{found} {_a(model.config.kind)} model, which makes sound of noise and gives no probability of given "
            "symbols; its teacher does"
        )
    return model


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def stacked_weights(model: nn.Module) -> dict[str, int]:
    """Names of the weights of `Stacked` modules, which stack several matrices, with the number of these."""
    modules = [(f"{path}." if path else "", one) for path, one in model.named_modules() if isinstance(one, Stacked)]
    return {path + name: number for path, module in modules for name, number in module.stacked.items()}
