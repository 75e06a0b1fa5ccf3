"""An exponential moving average of a model's weights, which is validated, saved and used.

Frozen parameters and buffers are not averaged.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule
from torch.distributed.tensor import DTensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from undertow.models.model import trainable_parameters


class WeightAverage:
    """The average of every trainable parameter; the average of a sharded model is sharded in the same way."""

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._parameters = list(trainable_parameters(model).values())
        self._average = [tensor.clone() for tensor in self._local()]

    @torch.no_grad()
    def update(self, decay: float) -> None:
        """Move the average towards the weights: average = decay · average + (1 - decay) · weight."""
        get_ema_multi_avg_fn(decay)(self._average, self._local(), 0)

    @torch.no_grad()
    def take(self) -> None:
        """Set the average to the current weights."""
        torch._foreach_copy_(self._average, self._local())

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Give the model the averaged weights, and afterwards its own again."""
        raw = [tensor.clone() for tensor in self._local()]
        self._put(self._average)
        try:
            yield
        finally:
            self._put(raw)

    @torch.no_grad()
    def _put(self, weights: list[Tensor]) -> None:
        """Overwrite the weights, and drop the gathered old ones, which FSDP keeps until a backward pass."""
        for module in self._model.modules():
            if isinstance(module, FSDPModule):
                module.reshard()
        torch._foreach_copy_(self._local(), weights)

    def _local(self) -> list[Tensor]:
        """The weights, or this process's shards of them."""
        return [p.to_local().detach() if isinstance(p, DTensor) else p.detach() for p in self._parameters]
