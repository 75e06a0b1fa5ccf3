"""Shifted convolutions see what lies above and to the left; a first batch sets the spread of their outputs."""

import pytest
import torch

from tests.contract import assert_close
from undertow.layers.shifted_conv import GrownConv, NormedConv, ShiftedConv, Stream, starting


@pytest.mark.parametrize(("stream", "columns"), [("down", {1, 2, 3}), ("right", {1, 2})])
def test_a_pixel_reads_its_row_and_the_row_above(stream: Stream, columns: set[int]) -> None:
    x = torch.randn(1, 2, 4, 5).double().requires_grad_()
    y, state = ShiftedConv(2, 3, stream).double().rows(x, None)
    (gradient,) = torch.autograd.grad(y[:, :, 2, 2].sum(), x)
    seen = {(row, column) for row, column in gradient.abs().sum(dim=(0, 1)).nonzero().tolist()}
    assert seen == {(row, column) for row in (1, 2) for column in columns}
    assert torch.equal(state["above"], x[:, :, 3])


@pytest.mark.parametrize("stream", ["down", "right"])
def test_half_of_the_rows_and_columns_and_back(stream: Stream) -> None:
    conv, x = ShiftedConv(2, 3, stream, stride=2).double(), torch.randn(2, 2, 4, 6).double()
    halved, _ = conv.rows(x, None)
    conv.stride = 1
    assert_close(halved, conv.rows(x, None)[0][:, :, ::2, ::2])
    halved = halved.detach().requires_grad_()
    grown = GrownConv(3, 2, stream).double()(halved)
    assert grown.shape == x.shape
    (gradient,) = torch.autograd.grad(grown[:, :, 3, 3].sum(), halved)
    read = [[1, 1], [1, 2]] if stream == "down" else [[1, 1]]  # an odd column reads the next of half the columns
    assert gradient.abs().sum(dim=(0, 1)).nonzero().tolist() == read


def test_a_first_batch_sets_mean_and_spread() -> None:
    conv, x = NormedConv(2, 3, (1, 1), start=0.1), 5 + 20 * torch.randn(8, 2, 6, 6)
    with starting(conv):
        conv(x)
    y = conv(x)
    assert y.mean(dim=(0, 2, 3)).abs().max() < 1e-5
    assert torch.allclose(y.std(dim=(0, 2, 3), correction=0), torch.tensor(0.1), rtol=1e-4)
    with starting(conv):
        conv(torch.ones(8, 2, 6, 6))  # of one that does not change
    assert conv.scale.isfinite().all() and conv.scale.max() <= 10.001 and not conv.is_starting
