"""Torch's optimisers by name, in their fused form if there is one."""

from collections.abc import Callable

import torch
from torch import nn
from torch.optim import Optimizer

from undertow.models.model import trainable_parameters
from undertow.training.config import TrainingConfig
from undertow.training.muon import Muon


def make_optimizer(model: nn.Module, config: TrainingConfig) -> Optimizer:
    """The optimiser of a run; its learning rate is set before every update."""
    return OPTIMIZERS[config.optimizer](model, config)


def _trained(model: nn.Module) -> list[nn.Parameter]:
    return list(trainable_parameters(model).values())


def _adam(model: nn.Module, config: TrainingConfig) -> Optimizer:
    decay, epsilon = config.weight_decay, config.epsilon
    return torch.optim.Adam(_trained(model), betas=config.betas, eps=epsilon, weight_decay=decay, fused=True)


def _adamw(model: nn.Module, config: TrainingConfig) -> Optimizer:
    decay, epsilon = config.weight_decay, config.epsilon
    return torch.optim.AdamW(_trained(model), betas=config.betas, eps=epsilon, weight_decay=decay, fused=True)


def _rmsprop(model: nn.Module, config: TrainingConfig) -> Optimizer:
    decay, epsilon = config.weight_decay, config.epsilon
    return torch.optim.RMSprop(_trained(model), eps=epsilon, momentum=config.momentum, weight_decay=decay)


def _sgd(model: nn.Module, config: TrainingConfig) -> Optimizer:
    decay = config.weight_decay
    return torch.optim.SGD(_trained(model), momentum=config.momentum, weight_decay=decay, fused=True)


OPTIMIZERS: dict[str, Callable[[nn.Module, TrainingConfig], Optimizer]] = {
    "adam": _adam,
    "adamw": _adamw,
    "muon": Muon,
    "rmsprop": _rmsprop,
    "sgd": _sgd,
}
