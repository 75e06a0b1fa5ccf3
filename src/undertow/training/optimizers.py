"""Optimisers by name, torch's own in their fused form."""

import torch
from torch import nn
from torch.optim import Optimizer

from undertow.training.config import TrainingConfig

OPTIMIZERS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


def make_optimizer(model: nn.Module, config: TrainingConfig) -> Optimizer:
    """The optimiser of a run; its learning rate is set before every update."""
    return OPTIMIZERS[config.optimizer](
        model.parameters(),
        lr=config.learning_rate,
        betas=config.betas,
        eps=config.epsilon,
        weight_decay=config.weight_decay,
        fused=True,
    )
