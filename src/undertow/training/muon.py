"""Muon: momentum made orthogonal, for matrices; AdamW for everything else (Jordan et al., Muon: An optimizer for hidden
layers in neural networks, 2024; torch's own, with steps as large as AdamW's: Liu et al., arXiv 2502.16982, §2.2).

R rows, C columns of a matrix.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor
from torch.optim import Optimizer

from undertow.errors import UsageError
from undertow.models.model import stacked_weights, trainable_parameters
from undertow.training.config import TrainingConfig

WEIGHTS = ("weight", "direction")


class Muon(Optimizer):
    """One optimiser for all trainable weights of a model.

    Matrices are the weights with several rows and columns, except embeddings. A kernel (O, k, I) is a matrix
    (O, k · I); of normalised weights, only the direction is. A weight that stacks several matrices, as its module's
    `stacked` tells (queries, keys and values; gates), is split.
    """

    def __init__(self, model: nn.Module, config: TrainingConfig) -> None:
        named = trainable_parameters(model)
        parameters = list(named.values())
        if any(isinstance(parameter, DTensor) for parameter in parameters):
            raise UsageError("training.optimizer: muon needs whole matrices, but parallel 'fsdp' shards them")
        tables = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
        weights = [one for name, one in named.items() if name.rpartition(".")[2].startswith(WEIGHTS)]
        self._matrices = [one for one in weights if _is_matrix(one) and id(one) not in tables]
        if not self._matrices:
            raise UsageError("training.optimizer: muon needs matrices, and this model has none; use adamw")
        matrices = {id(one) for one in self._matrices}
        super().__init__(parameters, {})
        stacked = {id(model.get_parameter(name)): number for name, number in stacked_weights(model).items()}
        self._pieces = {one: _pieces(one.detach(), stacked.get(id(one), 1)) for one in self._matrices}
        self._muon = torch.optim.Muon(
            [piece for pieces in self._pieces.values() for piece in pieces],
            weight_decay=config.weight_decay,
            momentum=config.momentum,
            adjust_lr_fn="match_rms_adamw",
        )
        self._adamw = torch.optim.AdamW(
            [one for one in parameters if id(one) not in matrices],
            betas=config.betas,
            eps=config.epsilon,
            weight_decay=config.weight_decay,
            fused=True,
        )
        self.param_groups = [*self._muon.param_groups, *self._adamw.param_groups]
        self.state = self._adamw.state

    def zero_grad(self, set_to_none: bool = True) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad = None
        for matrix in self._matrices:
            matrix.grad = None

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for matrix, pieces in self._pieces.items():
            if matrix.grad is None:
                continue
            if "momentum_buffer" not in self.state[matrix]:
                self.state[matrix]["momentum_buffer"] = torch.zeros_like(matrix)
            parts = (_pieces(one, len(pieces)) for one in (matrix.grad, self.state[matrix]["momentum_buffer"]))
            for piece, gradient, momentum in zip(pieces, *parts, strict=True):
                piece.grad = gradient
                self._muon.state[piece]["momentum_buffer"] = momentum
        self._muon.step()
        self._adamw.step()


def _is_matrix(parameter: Tensor) -> bool:
    return parameter.dim() > 1 and len(parameter) > 1 and parameter[0].numel() > 1


def _pieces(matrix: Tensor, number: int) -> Sequence[Tensor]:
    """A parameter split into `number` matrices (R / number, C), in the same storage."""
    flat = matrix.view(len(matrix), -1)
    assert len(flat) % number == 0
    return flat.split(len(flat) // number)
