"""Gated convolutions and the stack of them: the contract, with a condition too, and the dilations."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.contract import check_layer
from undertow.layers import GatedConv1d, GatedStack, Layer, dilation_cycles

LAYERS: dict[str, Callable[[], Layer]] = {
    "gated convolution": lambda: GatedConv1d(3, 8, kernel_size=2, dilation=2),
    "gated stack": lambda: GatedStack(3, 8, 2, dilation_cycles(2, 3)),
    "gated stack k=3": lambda: GatedStack(3, 6, 3, [1, 2, 3]),
}


@pytest.mark.parametrize("name", LAYERS)
def test_contract(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(LAYERS[name](), torch.randn(3, 33, 3).double(), tmp_path)


def test_contract_of_conditioned_layers(tmp_path: Path) -> None:
    torch.manual_seed(1)
    condition = torch.randn(3, 33, 2).double()
    check_layer(GatedConv1d(3, 8, 2, 3, condition_channels=2), torch.randn(3, 33, 3).double(), tmp_path, condition)
    check_layer(GatedStack(3, 8, 2, [1, 2, 4], 2), torch.randn(3, 33, 3).double(), tmp_path, condition)


def test_the_first_half_is_the_filter() -> None:
    torch.manual_seed(1)
    layer, x = GatedConv1d(3, 8, 2, 3).double(), torch.randn(2, 9, 3).double()
    filtered, gate = layer.conv(x).chunk(2, dim=-1)
    torch.testing.assert_close(layer(x), torch.tanh(filtered) * torch.sigmoid(gate))


def test_dilation_cycles() -> None:
    assert dilation_cycles(2, 4) == [1, 2, 4, 8, 1, 2, 4, 8]
