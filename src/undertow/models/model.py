"""What training, checkpoints and scoring know of a model: its config, its loss, and what it says about itself."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn

from undertow.alphabets import Alphabet
from undertow.batch import Batch
from undertow.data.needs import Needs
from undertow.data.told import Told
from undertow.errors import UsageError
from undertow.layers import Stacked
from undertow.models.loss import Loss
from undertow.state import State

Total = Callable[[Tensor], Tensor]
Ability = Literal["generate", "translate", "transcribe"]


class Model(nn.Module, ABC):
    """Anything that is trained. `forward(batch)` is its loss, so that DDP and FSDP see it.

    Attributes:
        config: the pydantic dataclass the model was built from; `type(model)(model.config)` builds its twin.
        engine_file: the model as it was exported to the native engine, in a precision of its own; None for most models.
        is_density: whether its likelihoods are densities, whose nats may be below 0 and are no bits.
    """

    config: Any
    engine_file: bytes | None = None
    is_density: bool = False

    @classmethod
    @abstractmethod
    def completed(cls, values: Mapping[str, Any], told: Told, say: Callable[[str], None]) -> Any:
        """The config of a recipe's model, with what only the data can tell filled in.

        Args:
            values: the recipe's model as a plain mapping.
            told: what the data says about itself. Before it is read, its labels are unknown.
            say: takes a line on what is left out.

        Raises:
            UsageError: an unknown key, a wrong value, or data that is not for such a model.
            DataError: the data lacks what the recipe asks for.
        """

    @property
    @abstractmethod
    def needs(self) -> Needs:
        """What it needs of the sequences it is given."""

    @property
    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """What is true of it, plain data by name, for people and programs: what a symbol is called (`unit`) and how
        many there are (`num_symbols`), and whatever else a model of its kind has.
        """

    @property
    @abstractmethod
    def scorer(self) -> str:
        """What judges it on held-out data: a name in `undertow.evaluation.SCORERS`."""

    @property
    def abilities(self) -> frozenset[Ability]:
        """The verbs that it can serve, beside being trained and scored."""
        return frozenset()

    @property
    def precision(self) -> str:
        """What its weights are held in, as "float32"."""
        return str(next(self.parameters()).dtype).removeprefix("torch.")

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next(self.parameters()).device

    @property
    def num_parameters(self) -> int:
        """How many numbers training sets."""
        return sum(parameter.numel() for parameter in trainable_parameters(self).values())

    @property
    def num_frozen_parameters(self) -> int:
        """How many numbers training leaves as they are, such as those of a teacher."""
        return sum(parameter.numel() for parameter in self.parameters() if not parameter.requires_grad)

    @abstractmethod
    def forward(self, batch: Batch, carried: State | None = None) -> Loss:
        """The loss of a batch.

        Where its rows go on from the batch before (`batch.continues` is given), `carried` is what that one gave, None
        at the first; and the loss holds what to carry to the next.
        """

    @abstractmethod
    def loss_text(self, loss: float) -> str:
        """A loss in the unit that people state it in, such as "2.110 bits/sample"."""

    def fresh_weights(self, source: "Model") -> frozenset[str]:
        """Names of weights that the model does not take from `source`, even where names and shapes agree.

        By default it takes all.
        """
        return frozenset()

    def after_update(self, step: int, total: Total) -> None:
        """Move what gradients do not move: averages of a codebook, schedules. By default there is nothing.

        Training calls this in every process after each update of the weights. What moves is in persistent buffers, so
        that checkpoints hold it and a resumed run goes on exactly. What `forward` collects for it, in training mode
        only, may be in buffers that are not persistent, emptied here. Parameters are not to be changed.

        Args:
            step: number of the update, from 1.
            total: sums a tensor over all processes, which have seen different batches. Every process calls it alike.
        """


def trainable_parameters(model: nn.Module) -> dict[str, nn.Parameter]:
    """By name, the parameters that training sets: all but those that are frozen (`requires_grad` is off)."""
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def past_facts(alphabet: Alphabet, receptive_field: int | None, sample_rate: int | None) -> dict[str, Any]:
    """The facts of a model that reads its own past.

    Args:
        receptive_field: past symbols that the next output depends on; None when all of them.
    """
    seconds = None if receptive_field is None or sample_rate is None else receptive_field / sample_rate
    return {
        "sample_rate": sample_rate,
        "num_symbols": alphabet.num_symbols,
        "unit": alphabet.unit,
        "receptive_field": receptive_field,
        "receptive_field_ms": None if seconds is None else 1000 * seconds,
    }


def require(model: Model, ability: Ability, found: str = "this model is") -> Any:
    """The model, if it can serve a verb.

    Args:
        found: how the error begins.

    Raises:
        UsageError: it cannot.
    """
    if ability not in model.abilities:
        others = "".join(f"; `undertow {other}` is for such a model" for other in sorted(model.abilities))
        raise UsageError(f"{found} {_a(model.config.kind)}, which cannot {ability}{others}")
    return model


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def stacked_weights(model: nn.Module) -> dict[str, int]:
    """Names of weights that are several matrices on top of each other, and how many: what `Stacked` modules say."""
    modules = [(f"{path}." if path else "", one) for path, one in model.named_modules() if isinstance(one, Stacked)]
    return {path + name: number for path, module in modules for name, number in module.stacked.items()}
