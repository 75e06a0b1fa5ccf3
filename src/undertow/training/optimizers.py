"""Optimisers by name, torch's own, in their fused form where there is one."""

from collections.abc import Callable, Iterable

import torch
from torch import nn
from torch.optim import Optimizer

from undertow.training.config import TrainingConfig

Parameters = Iterable[nn.Parameter]


def make_optimizer(model: nn.Module, config: TrainingConfig) -> Optimizer:
    """The optimiser of a run; its learning rate is set before every update."""
    return OPTIMIZERS[config.optimizer](list(model.parameters()), config)


def _adam(parameters: Parameters, config: TrainingConfig) -> Optimizer:
    return torch.optim.Adam(
        parameters, betas=config.betas, eps=config.epsilon, weight_decay=config.weight_decay, fused=True
    )


def _adamw(parameters: Parameters, config: TrainingConfig) -> Optimizer:
    return torch.optim.AdamW(
        parameters, betas=config.betas, eps=config.epsilon, weight_decay=config.weight_decay, fused=True
    )


def _sgd(parameters: Parameters, config: TrainingConfig) -> Optimizer:
    return torch.optim.SGD(parameters, lr=0.0, momentum=config.momentum, weight_decay=config.weight_decay, fused=True)


def _rmsprop(parameters: Parameters, config: TrainingConfig) -> Optimizer:
    return torch.optim.RMSprop(
        parameters, eps=config.epsilon, momentum=config.momentum, weight_decay=config.weight_decay
    )


OPTIMIZERS: dict[str, Callable[[Parameters, TrainingConfig], Optimizer]] = {
    "adam": _adam,
    "adamw": _adamw,
    "rmsprop": _rmsprop,
    "sgd": _sgd,
}
