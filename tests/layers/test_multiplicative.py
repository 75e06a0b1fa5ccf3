"""The multiplicative unit: the contract, and its equation."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.contract import check_layer
from undertow.layers import Layer, MultiplicativeUnit

LAYERS: dict[str, Callable[[], Layer]] = {
    "multiplicative unit": lambda: MultiplicativeUnit(3, kernel_size=3, dilation=2),
}


@pytest.mark.parametrize("name", LAYERS)
def test_contract(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(LAYERS[name](), torch.randn(3, 33, 3).double(), tmp_path)


def test_the_equation() -> None:
    torch.manual_seed(1)
    layer, h = MultiplicativeUnit(3, kernel_size=2).double(), torch.randn(2, 9, 3).double()
    first, second, third, u = layer.conv(h).chunk(4, dim=-1)
    inner = second.sigmoid() * h + third.sigmoid() * u.tanh()
    torch.testing.assert_close(layer(h), first.sigmoid() * inner.tanh())
