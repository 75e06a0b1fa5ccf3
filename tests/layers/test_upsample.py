"""Upsamplers: the contract, whole kernels, and no gaps."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.contract import check_layer
from undertow.layers import CausalConv1d, Layer, Repeat, Serial, TransposedConv1d

LAYERS: dict[str, Callable[[], Layer]] = {
    "repeat": lambda: Repeat(4),
    "transposed convolution": lambda: TransposedConv1d(3, 5, stride=4),
    "transposed convolution k=7 s=3": lambda: TransposedConv1d(3, 5, stride=3, kernel_size=7),
    "transposed convolution k=s": lambda: TransposedConv1d(3, 5, stride=2, kernel_size=2),
    "upsampling in stages": lambda: Serial(CausalConv1d(3, 4, 2), TransposedConv1d(4, 4, 3), TransposedConv1d(4, 2, 2)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_contract(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(LAYERS[name](), torch.randn(3, 33, 3).double(), tmp_path)


def test_transposed_convolution_leaves_no_gaps() -> None:
    with pytest.raises(ValueError, match="gaps"):
        TransposedConv1d(1, 1, stride=4, kernel_size=3)


def test_a_frame_adds_its_kernel_from_its_first_step_on() -> None:
    layer = TransposedConv1d(1, 1, stride=2, kernel_size=5)
    with torch.no_grad():
        layer.weight.copy_(torch.arange(1.0, 6.0))
        y = layer(torch.tensor([[[1.0], [0.0], [10.0], [0.0], [0.0]]]))
    assert y[0, :, 0].tolist() == [1, 2, 3, 4, 15, 20, 30, 40, 50, 0]
