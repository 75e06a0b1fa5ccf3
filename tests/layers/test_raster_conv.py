"""Convolutions over a raster: the contract, the published masks, and what each output sees."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from tests.contract import check_layer
from undertow.layers import Block, Raster, RasterConv, around, before

GREY, COLOUR = Raster(5), Raster(4, 3)
BELOW = [Block(0, 1, -1, 1)]  # of the vertical stack

LAYERS: dict[str, Callable[[], RasterConv]] = {
    "mask A": lambda: RasterConv(2, 3, GREY, around(5), "before", late=1, ahead=1),
    "mask B": lambda: RasterConv(2, 3, GREY, around(3), "upto"),
    "mask A, colour": lambda: RasterConv(2, 3, COLOUR, around(3), "before", late=1, ahead=1),
    "mask B, colour": lambda: RasterConv(2, 2, COLOUR, around(3), "upto", bias=False),
    "a row, mask A": lambda: RasterConv(2, 3, GREY, before(5), "before", late=1, ahead=1),
    "a row, mask B, colour": lambda: RasterConv(2, 3, COLOUR, before(3), "upto"),
    "pixels, grey": lambda: RasterConv(2, 3, GREY, [], "upto"),
    "pixels, colour": lambda: RasterConv(2, 3, COLOUR, [], "upto"),
    "rows above": lambda: RasterConv(2, 3, GREY, BELOW, ahead=-1),
    "rows above, late": lambda: RasterConv(2, 3, GREY, BELOW, late=2, ahead=-1),
    "rows above, colour": lambda: RasterConv(2, 3, COLOUR, BELOW, late=1, ahead=-5),
    "the pixel above": lambda: RasterConv(2, 3, GREY, [Block(1, 1, 0, 0)], late=3, ahead=3),
    "the pixel above, colour": lambda: RasterConv(2, 3, COLOUR, [Block(1, 1, 0, 0)], late=5, ahead=5),
    "wider than the image": lambda: RasterConv(2, 3, Raster(2), around(7), "upto"),
}


@pytest.mark.parametrize("name", LAYERS)
def test_contract(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(LAYERS[name](), torch.randn(3, 47, 2).double(), tmp_path)


@pytest.mark.parametrize("own", ["before", "upto"])
@pytest.mark.parametrize("group", [1, 3])
def test_it_is_the_masked_convolution_of_the_paper(own: Any, group: int) -> None:
    """A 2-D convolution whose weights are multiplied with a mask of 0 and 1."""
    raster, height, half = Raster(6, group), 5, 2
    layer = RasterConv(2, 4, raster, around(5), own).double()
    image = torch.randn(2, height, raster.width, group * 2).double()
    kernel = torch.zeros(group * 4, group * 2, 5, 5).double()
    for index, (row, column) in enumerate(layer.taps):
        kernel[:, :, half - row, half + column] = layer.weight[:, index].detach()
    mask = torch.ones_like(kernel)
    mask[:, :, half, half + 1 :] = 0
    mask[:, :, half + 1 :] = 0
    for out in range(group):
        for seen in range(group):
            if seen > out or (seen == out and own == "before"):
                mask[out * 4 : out * 4 + 4, seen * 2 : seen * 2 + 2, half, half] = 0
    expected = F.conv2d(image.permute(0, 3, 1, 2), kernel * mask, layer.bias, padding=2).permute(0, 2, 3, 1)
    found = layer(image.reshape(2, -1, 2))
    torch.testing.assert_close(found.reshape(expected.shape), expected)


def test_the_end_of_a_row_is_not_beside_the_beginning_of_the_next() -> None:
    layer = RasterConv(1, 1, Raster(4), around(3), "upto")
    seen = sees(layer, 16, place=4)  # the first pixel of row 1
    assert seen == {0, 1, 4}
    assert sees(layer, 16, place=7) == {2, 3, 6, 7}


def test_red_is_seen_by_green_and_both_by_blue() -> None:
    layer = RasterConv(1, 1, Raster(1, 3), [], "before")
    assert [sees(layer, 3, place) for place in range(3)] == [set(), {0}, {0, 1}]
    layer = RasterConv(1, 1, Raster(1, 3), [], "upto")
    assert [sees(layer, 3, place) for place in range(3)] == [{0}, {0, 1}, {0, 1, 2}]


def sees(layer: RasterConv, num_steps: int, place: int) -> set[int]:
    """The places that the output of one depends on, by gradient."""
    x = torch.randn(1, num_steps, 1, requires_grad=True)
    y = layer(x)[0, place].sum()
    return set((torch.autograd.grad(y, x, allow_unused=True)[0].flatten()).nonzero().flatten().tolist())
