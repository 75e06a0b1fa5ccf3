"""Optimisers by name: torch's own update, of what trains and nothing else."""

from typing import Any, get_args

import pytest
import torch
from torch import nn

from undertow.config import parse
from undertow.training.config import TrainingConfig
from undertow.training.optimizers import OPTIMIZERS, make_optimizer

SETTINGS: dict[str, Any] = {"steps": 1, "betas": (0.8, 0.95), "momentum": 0.7, "epsilon": 1e-3, "weight_decay": 0.1}
REFERENCES = {
    "adam": lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.1, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.1, momentum=0.7, eps=1e-3, weight_decay=0.1),
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.7, weight_decay=0.1),
}


def updated(model: nn.Module, optimizer: torch.optim.Optimizer) -> torch.Tensor:
    for group in optimizer.param_groups:
        group["lr"] = 0.1
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.ones(2, 3).double()).square().sum().backward()
        optimizer.step()
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Linear(3, 4).double()


@pytest.mark.parametrize("name", REFERENCES)
def test_the_update_is_torchs(name: str) -> None:
    config = parse(TrainingConfig, {**SETTINGS, "optimizer": name})
    one, other = model(), model()
    expected = updated(other, REFERENCES[name](other.parameters()))
    torch.testing.assert_close(updated(one, make_optimizer(one, config)), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_frozen_weight_stays(name: str) -> None:
    one = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 4)).double()
    frozen = one.get_submodule("1").get_parameter("weight").requires_grad_(False)
    before = frozen.clone()
    updated(one, make_optimizer(one, parse(TrainingConfig, {**SETTINGS, "optimizer": name})))
    assert torch.equal(frozen, before)


def test_every_name_that_a_recipe_can_give_has_one() -> None:
    assert set(get_args(TrainingConfig.__annotations__["optimizer"])) == set(OPTIMIZERS)
