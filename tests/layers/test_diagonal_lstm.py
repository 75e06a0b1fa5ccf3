"""The contract, and what each pixel sees."""

from pathlib import Path

import torch

from tests.contract import check_layer
from undertow.layers import DiagonalBiLSTM, Raster


def test_contract(tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(DiagonalBiLSTM(2, 3, Raster(4)), torch.randn(3, 18, 2).double(), tmp_path)


def sees(place: int, width: int = 7, num_steps: int = 42) -> set[tuple[int, int]]:
    x = torch.randn(1, num_steps, 2).double().requires_grad_()
    torch.manual_seed(1)
    y = DiagonalBiLSTM(2, 3, Raster(width)).double()(x)
    gradient = torch.autograd.grad(y[0, place].sum(), x)[0].abs().sum(2)[0]
    return {divmod(step, width) for step in gradient.nonzero().flatten().tolist()}


def test_a_pixel_sees_every_pixel_before_it_and_none_after() -> None:
    for place in (0, 6, 7, 4 * 7 + 3, 41):
        assert sees(place) == {divmod(step, 7) for step in range(place + 1)}


def test_the_equations() -> None:
    """Pixel by pixel, in loops, without a skew."""
    torch.manual_seed(2)
    layer = DiagonalBiLSTM(2, 3, Raster(4)).double()
    image = torch.randn(3, 4, 2).double()
    zero = torch.zeros(3).double()
    found = layer(image.reshape(1, 12, 2))[0].reshape(3, 4, 3)
    for lstm, flips in ((layer.left, False), (layer.right, True)):
        x = image.flip(1) if flips else image
        h: dict[tuple[int, int], torch.Tensor] = {}
        c: dict[tuple[int, int], torch.Tensor] = {}
        for row in range(3):
            for column in range(4):
                seen = torch.cat([x[row, column], h.get((row - 1, column), zero)])
                gates = lstm.weight_ih_l0 @ seen + lstm.bias_ih_l0 + lstm.bias_hh_l0
                gates = gates + lstm.weight_hh_l0 @ h.get((row, column - 1), zero)
                i, f, g, o = gates.chunk(4)
                c[row, column] = f.sigmoid() * c.get((row, column - 1), zero) + i.sigmoid() * g.tanh()
                h[row, column] = o.sigmoid() * c[row, column].tanh()
        part = torch.stack([torch.stack([h[row, column] for column in range(4)]) for row in range(3)])
        part = torch.cat([torch.zeros(1, 4, 3).double(), part.flip(1)[:-1]]) if flips else part
        found = found - part
    torch.testing.assert_close(found, torch.zeros(3, 4, 3).double())
