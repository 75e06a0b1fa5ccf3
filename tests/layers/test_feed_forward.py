"""Feed-forward networks: the contract, and their equations."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from tests.contract import check_layer
from undertow.layers import FeedForward, GatedFeedForward, Layer

LAYERS: dict[str, Callable[[], Layer]] = {
    "feed forward": lambda: FeedForward(4, 7, "gelu"),
    "gated feed forward": lambda: GatedFeedForward(4, 7, bias=False),
}


@pytest.mark.parametrize("name", LAYERS)
def test_contract(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(LAYERS[name](), torch.randn(3, 33, 4).double(), tmp_path)


def test_two_products_with_something_between() -> None:
    torch.manual_seed(1)
    layer, x = FeedForward(4, 7, "gelu_tanh").double(), torch.randn(2, 5, 4).double()
    between = F.gelu(x @ layer.input.weight.T + layer.input.bias, approximate="tanh")
    torch.testing.assert_close(layer(x), between @ layer.output.weight.T + layer.output.bias)


def test_the_first_half_is_the_gate() -> None:
    torch.manual_seed(1)
    layer, x = GatedFeedForward(4, 7, bias=False).double(), torch.randn(2, 5, 4).double()
    gate, value = layer.input.weight[:7], layer.input.weight[7:]
    torch.testing.assert_close(layer(x), (F.silu(x @ gate.T) * (x @ value.T)) @ layer.output.weight.T)
