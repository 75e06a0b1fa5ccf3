"""The loss of a batch in training: over several processes, on their device, in their precision."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import nn
from torch.distributed.fsdp import FSDPModule
from torch.nn.parallel import DistributedDataParallel

from undertow.batch import Batch
from undertow.models.loss import Loss
from undertow.models.model import Model
from undertow.state import State
from undertow.training.config import TrainingConfig
from undertow.training.distributed import World, spread
from undertow.training.precision import has_fast_bfloat16


class Forward:
    """Calls a model over all processes.

    Attributes:
        is_autocast: whether it runs in bfloat16, its weights in float32.
    """

    def __init__(self, model: Model, config: TrainingConfig, world: World) -> None:
        self._model, self._device = model, world.device
        self._called: nn.Module = spread(model, world, config.parallel)
        if config.compile:
            self._called.compile()
        self._dtype = next(model.parameters()).dtype
        chosen = has_fast_bfloat16(world.device) if config.precision == "auto" else config.precision == "bf16"
        self.is_autocast = chosen and self._dtype == torch.float32

    def __call__(self, batch: Batch, carried: State | None = None) -> Loss:
        """The loss of a batch; `carried` is for rows that continue the batch before."""
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self.is_autocast):
            batch = batch.to(self._device, self._dtype)
            return self._called(batch) if batch.continues is None else self._called(batch, carried)

    def examine(self, batch: Batch) -> dict[str, torch.Tensor]:
        """The model's own sums over a held-out batch; see `Model.examine`."""
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self.is_autocast):
            return self._model.examine(batch.to(self._device, self._dtype))

    @property
    def is_sharded(self) -> bool:
        """Whether each process holds only a part of the weights."""
        return isinstance(self._called, FSDPModule)

    @property
    def is_ddp(self) -> bool:
        """Whether DDP calls the model."""
        return isinstance(self._called, DistributedDataParallel)

    @contextmanager
    def exchanging(self, is_last: bool) -> Iterator[None]:
        """Let processes exchange gradients only in the backward pass of an update's last micro-batch."""
        if isinstance(self._called, FSDPModule):
            self._called.set_requires_gradient_sync(is_last)
        wait = isinstance(self._called, DistributedDataParallel) and not is_last
        with self._called.no_sync() if wait else nullcontext():  # type: ignore[operator]
            yield

    def let_go(self) -> None:
        """Drop DDP, which would hang at exit if it outlived the group of processes."""
        self._called = self._model
