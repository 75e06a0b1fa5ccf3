"""Layer norm: the contract, and statistics of one step alone."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.contract import check_layer
from undertow.layers import Layer, LayerNorm

LAYERS: dict[str, Callable[[], Layer]] = {
    "layer norm": lambda: LayerNorm(3),
}


@pytest.mark.parametrize("name", LAYERS)
def test_contract(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(LAYERS[name](), torch.randn(3, 33, 3).double(), tmp_path)


def test_a_step_has_mean_zero_and_variance_one() -> None:
    y = LayerNorm(16).double()(5 + 3 * torch.randn(2, 7, 16).double())
    torch.testing.assert_close(y.mean(dim=-1), torch.zeros(2, 7).double())
    torch.testing.assert_close(y.var(dim=-1, correction=0), torch.ones(2, 7).double(), rtol=0, atol=1e-4)
