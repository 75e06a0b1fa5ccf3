"""PixelCNN++ sees all pixels before one within its reach, at every resolution, whole and step by step."""

from typing import Any

import torch

from tests.contract import assert_close
from tests.networks.cases import loud
from tests.networks.fields import before, no_value_is_seen_too_early, picture, seen
from tests.refusals import refuses
from undertow.batch import Condition
from undertow.config import parse
from undertow.errors import UsageError
from undertow.layers.shifted_conv import NormedConv
from undertow.networks import PixelCNNpp


def make(condition_channels: int = 0, in_channels: int = 1, **changes: Any) -> PixelCNNpp:
    torch.manual_seed(1)
    small = {"shape": [9, 8, 1], "channels": 2, "num_blocks": 1, "num_levels": 3, "dropout": 0.0}
    network: PixelCNNpp = loud(
        PixelCNNpp(parse(PixelCNNpp.Config, {**small, **changes}), 7, 4, condition_channels, in_channels)
    )
    return network.double().eval()


def test_there_is_no_blind_spot() -> None:
    shape = (9, 8, 1)
    fields = seen(make(), shape, row=6, column=3)
    print(picture(fields, shape, row=6, column=3))
    assert fields == {(row, column, 0) for row, column in before(shape, 6, 3)}


def test_no_pixel_is_seen_too_early() -> None:
    no_value_is_seen_too_early(make(), lambda network: torch.randn(2, 60, 1).double())


@torch.no_grad()
def test_colour_in_any_chunks_with_a_condition_of_each_step() -> None:
    """Three levels, a step a pixel of three values, in a row that ends between chunks."""
    network, num_steps = make(condition_channels=2, in_channels=3, shape=[9, 8, 3]), 61
    x, aligned = torch.randn(2, num_steps, 3).double(), torch.randn(2, num_steps, 2).double()
    whole = network(x, Condition(aligned))
    for chunks in ([1] * 10 + [5, 30, 16], [num_steps]):
        state, start, made = network.init_state(2, Condition(aligned[:, :1])), 0, []
        for size in chunks:
            part = slice(start, start + size)
            y, state = network.step(x[:, part], state, Condition(aligned[:, part]))
            made.append(y)
            start += size
        assert_close(torch.cat(made, dim=1), whole)
    constant = network(x, Condition(aligned[:, :1]))
    assert_close(constant, network(x, Condition(aligned[:, :1].expand(-1, num_steps, -1))))


def test_the_field_is_the_longest_way_through_three_levels() -> None:
    network, width = make(shape=[9, 4, 1]), 4
    field = network.receptive_field
    assert field is not None
    x = torch.randn(1, field + 10 * width, 1).double().requires_grad_()
    y, ages = network(x, Condition()), []
    for output in range(x.shape[1] - 4 * width, x.shape[1]):
        (gradient,) = torch.autograd.grad(y[:, output].sum(), x, retain_graph=True)
        ages.append(output - int(gradient.abs().sum(dim=(0, 2)).nonzero()[0]) + 1)
    assert max(ages) == field


def test_a_first_batch_sets_scales_from_the_first_layer_to_the_last() -> None:
    network = make(channels=6).float()
    for module in network.modules():
        if isinstance(module, NormedConv):
            module.reset_parameters()
    x = torch.rand(8, 72, 1)
    network.begin(x, Condition())
    params = network(x, Condition())
    assert torch.allclose(params.mean(dim=(0, 1)), torch.zeros(4), atol=1e-5)
    assert torch.allclose(params.std(dim=(0, 1)), torch.tensor(0.1), rtol=2e-2)


def test_images_that_cannot_be_halved_are_refused() -> None:
    with refuses(UsageError, "10 columns", "num_levels 3", 4):
        make(shape=[10, 10, 1])
    assert make(shape=[10, 10, 1], num_levels=2).raster.width == 10
    with refuses(UsageError, "alphabet.ordered=false"):
        make(shape=[8, 8, 3])
