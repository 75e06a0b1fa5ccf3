"""Real values as inputs: the contract, alone and joined with a condition."""

from pathlib import Path

import pytest
import torch

from tests.contract import check_layer
from undertow.layers import Values


@pytest.mark.parametrize("conditioned", [False, True])
def test_contract(conditioned: bool, tmp_path: Path) -> None:
    torch.manual_seed(1)
    condition = torch.randn(3, 33, 2).double() if conditioned else None
    check_layer(Values(), torch.randn(3, 33, 3).double(), tmp_path, condition)


def test_one_condition_serves_every_step() -> None:
    x, condition = torch.randn(2, 5, 1), torch.randn(2, 1, 3)
    y = Values()(x, condition)
    assert torch.equal(y[..., :1], x) and torch.equal(y[..., 1:], condition.expand(2, 5, 3))
