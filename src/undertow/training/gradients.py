"""The gradient of an update: of the mean loss over all terms of all micro-batches in all processes."""

import math
from collections.abc import Sequence

import torch
from torch.distributed.tensor import DTensor

from undertow.batch import Batch
from undertow.models.loss import Loss
from undertow.models.model import Model, trainable_parameters
from undertow.state import State
from undertow.training.distributed import World
from undertow.training.forward import Forward
from undertow.training.means import Means, Totals


class Gradients:
    """Gradients of a model's trainable parameters, in their `grad`.

    Attributes:
        carried: the state from one batch of streams for the next; None before the first, and without streams.
    """

    def __init__(self, model: Model, forward: Forward, world: World) -> None:
        self.model, self.forward, self.world = model, forward, world
        self.carried: State | None = None
        self._parameters = list(trainable_parameters(model).values())

    def accumulate(self, micro: Sequence[Batch]) -> Means:
        """Add the gradient of the mean loss over all terms; returns the means.

        The number of terms is known only after the last micro-batch. Until then each is assumed to have as many as the
        first; if that was wrong, the sum is scaled once more.
        """
        totals, expected = Totals(), 1.0
        for index, batch in enumerate(micro):
            with self.forward.exchanging(index == len(micro) - 1):
                loss = self._loss(batch)
                if index == 0:
                    expected = len(micro) * max(1.0, self.world.sum([int(loss.num_terms)])[0])
                total = loss.value * loss.num_terms
                (total * (self.world.size / expected)).backward()
            totals.add(loss, float(total.detach()))
        means = totals.mean(self.world)
        self._scale(expected / max(1.0, means.num_terms))
        return means

    def clip(self, limit: float | None) -> float:
        """Clip the whole gradient to a norm of `limit`; returns its norm before."""
        norm = torch.nn.utils.clip_grad_norm_(self._parameters, math.inf if limit is None else limit)
        return float(norm.full_tensor() if isinstance(norm, DTensor) else norm)

    def settle(self, batch: Batch) -> None:
        """Run one backward pass before the first update of any session: after it, DDP groups gradients anew.

        Otherwise the first update of a resumed run would sum three or more processes in another order than a run that
        was not stopped, and round differently. The gradients of that pass are dropped.
        """
        if not self.forward.is_ddp:
            return
        buffers = [(buffer, buffer.clone()) for buffer in self.model.buffers()]
        self.forward(batch).value.backward()
        with torch.no_grad():
            for buffer, before in buffers:
                buffer.copy_(before)

    def _loss(self, batch: Batch) -> Loss:
        loss = self.forward(batch, self.carried)
        if batch.continues is not None:
            self.carried = loss.carried
        return loss

    def _scale(self, factor: float) -> None:
        if factor != 1:
            for parameter in self._parameters:
                if parameter.grad is not None:
                    parameter.grad.mul_(factor)
