"""The contract, and what each pixel sees."""

from pathlib import Path

import torch

from tests.contract import check_layer
from undertow.layers import Raster, RowLSTM


def test_contract(tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(RowLSTM(2, 3, Raster(4)), torch.randn(3, 18, 2).double(), tmp_path)


def sees(place: int, width: int = 7, num_steps: int = 42) -> set[tuple[int, int]]:
    x = torch.randn(1, num_steps, 2).double().requires_grad_()
    torch.manual_seed(1)
    y = RowLSTM(2, 3, Raster(width)).double()(x)
    gradient = torch.autograd.grad(y[0, place].sum(), x)[0].abs().sum(2)[0]
    return {divmod(step, width) for step in gradient.nonzero().flatten().tolist()}


def test_a_pixel_sees_a_triangle_above_it() -> None:
    """In each row above one pixel more to either side; the input's own convolution adds one to the left."""
    wanted = {(4 - up, column) for up in range(5) for column in range(3 - up - 1, 3 + up + 1) if 0 <= column < 7}
    assert sees(4 * 7 + 3) == wanted
