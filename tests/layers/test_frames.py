"""Layers at a lower rate: the contract, and when a frame speaks."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.contract import check_layer
from undertow.layers import CausalConv1d, Framed, Layer, Serial, TransposedConv1d

LAYERS: dict[str, Callable[[], Layer]] = {
    "frames": lambda: Framed(Serial(CausalConv1d(12, 6, 2), CausalConv1d(6, 8)), 4, in_channels=3, out_channels=2),
    "late and upsampled": lambda: Serial(Framed(CausalConv1d(9, 6), 3, 3, 2), TransposedConv1d(2, 2, 2)),
    "frames of one step": lambda: Framed(CausalConv1d(3, 2, 2), 1, in_channels=3, out_channels=2),
}


@pytest.mark.parametrize("name", LAYERS)
def test_contract(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(LAYERS[name](), torch.randn(3, 33, 3).double(), tmp_path)


def test_frames_speak_when_they_are_whole() -> None:
    """A frame's outputs begin at its last step; before the first whole frame there is silence."""

    class Identity(CausalConv1d):
        def forward(self, x: Tensor) -> Tensor:
            return x

    layer = Framed(Identity(3, 3), 3, in_channels=1, out_channels=1)
    x = torch.arange(1.0, 9.0)[None, :, None]
    assert layer(x)[0, :, 0].tolist() == [0, 0, 1, 2, 3, 4, 5, 6]
