"""What training, checkpoints and scoring know of a model: its config, and that calling it gives the loss."""

from abc import ABC, abstractmethod
from typing import Any

from torch import nn

from undertow.batch import Batch
from undertow.layers import Stacked
from undertow.state import State


class Model(nn.Module, ABC):
    """Anything that is trained. `forward(batch)` is its loss, so that DDP and FSDP see it.

    Attributes:
        config: the pydantic dataclass the model was built from; `type(model)(model.config)` builds its twin.
        engine_file: the model as it was exported to the native engine, in a precision of its own; None for most models.
    """

    config: Any
    engine_file: bytes | None = None

    @property
    def precision(self) -> str:
        """What its weights are held in, as "float32"."""
        return str(next(self.parameters()).dtype).removeprefix("torch.")

    @property
    def num_parameters(self) -> int:
        """How many numbers training sets."""
        return sum(parameter.numel() for parameter in self.parameters())

    @abstractmethod
    def forward(self, batch: Batch, carried: State | None = None) -> Any:
        """The mean loss over the batch's `num_terms`, a scalar; zero where there are none.

        Of a batch whose rows go on from the one before (`batch.continues` is given), the loss and what to carry to the
        next batch, detached; `carried` is what the batch before gave, None at the first.
        """

    @abstractmethod
    def loss_text(self, loss: float) -> str:
        """A loss in the unit that people state it in, such as "2.110 bits/sample"."""

    def num_terms(self, batch: Batch) -> int:
        """How many terms `forward` is the mean of: the counted steps."""
        return batch.num_counted


def stacked_weights(model: nn.Module) -> dict[str, int]:
    """Names of weights that are several matrices on top of each other, and how many: what `Stacked` modules say."""
    modules = [(f"{path}." if path else "", one) for path, one in model.named_modules() if isinstance(one, Stacked)]
    return {path + name: number for path, module in modules for name, number in module.stacked.items()}
