"""What training, checkpoints and scoring know of a model: its config, and that calling it gives the loss."""

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor, nn

from undertow.batch import Batch


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

    @abstractmethod
    def forward(self, batch: Batch) -> Tensor:
        """Mean loss in nats per counted step, a scalar; zero where no step counts."""
