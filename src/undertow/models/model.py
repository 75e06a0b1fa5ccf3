"""What training, checkpoints and scoring know of a model: its config, and that calling it gives the loss."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from undertow.batch import Batch
from undertow.layers import Stacked
from undertow.models.loss import Loss
from undertow.state import State

Total = Callable[[Tensor], Tensor]


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

    @property
    def precision(self) -> str:
        """What its weights are held in, as "float32"."""
        return str(next(self.parameters()).dtype).removeprefix("torch.")

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


def stacked_weights(model: nn.Module) -> dict[str, int]:
    """Names of weights that are several matrices on top of each other, and how many: what `Stacked` modules say."""
    modules = [(f"{path}." if path else "", one) for path, one in model.named_modules() if isinstance(one, Stacked)]
    return {path + name: number for path, module in modules for name, number in module.stacked.items()}
