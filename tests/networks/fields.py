"""What an output of a network of images depends on: by gradient, and by changing each value."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from undertow.batch import Condition
from undertow.networks import RasterNetwork

Place = tuple[int, int, int]


def seen(network: RasterNetwork, shape: Place, row: int, column: int, channel: int = 0) -> set[Place]:
    """The places (row, column, channel) of the values that the parameters of one depend on."""
    height, width, channels = shape
    torch.manual_seed(3)
    x = torch.randn(4, 1 + height * width * channels, 1).double().requires_grad_()
    step = (row * width + column) * channels + channel
    params = network.double()(x, Condition())[:, step].sum()
    gradient = torch.autograd.grad(params, x)[0].abs().amax(dim=(0, 2))
    assert gradient[0] == 0, "the start symbol is no pixel"
    return {_place(shape, step) for step in gradient[1:].nonzero().flatten().tolist()}


def _place(shape: Place, step: int) -> Place:
    _, width, channels = shape
    return step // channels // width, step // channels % width, step % channels


def before(shape: Place, row: int, column: int) -> list[tuple[int, int]]:
    """The pixels before one, in raster order."""
    width = shape[1]
    return [divmod(pixel, width) for pixel in range(row * width + column)]


def picture(fields: set[Place], shape: Place, row: int, column: int) -> str:
    """The image as characters: # what is seen, x the pixel itself, . the rest."""
    marks = {(r, c): "#" for r, c, _ in fields} | {(row, column): "x"}
    return "\n".join("".join(marks.get((r, c), ".") for c in range(shape[1])) for r in range(shape[0]))


def no_value_is_seen_too_early(network: Any, inputs: Callable[..., Tensor]) -> None:
    """Changing any one value changes no parameters of it or of one before it, and some of one after it.

    Of the last row this need not be: what sees its last pixels is below.
    """
    x = inputs(network.double())[:1]
    with torch.no_grad():
        changed = x.repeat(x.shape[1], 1, 1)
        whole = network(changed, Condition())  # as many rows: products of other sizes may round otherwise
        steps = torch.arange(x.shape[1])
        changed[steps, steps] += 1.0
        differs = (network(changed, Condition()) != whole).any(dim=2)  # (changed step, output)
    earlier = steps[None] < steps[:, None]
    assert not (differs & earlier).any() and not differs[0].any()
    assert differs[1 : -network.raster.row_steps].any(dim=1).all()
