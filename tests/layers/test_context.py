"""The context module: what it sees, that it begins as the identity, and that rows and padding keep apart."""

import pytest
import torch

from tests.contract import assert_close
from tests.contract_whole import check_whole
from tests.refusals import refuses
from undertow.config import parse
from undertow.errors import UsageError
from undertow.layers import ContextModule

TABLE = (3, 5, 9, 17, 33, 65, 67, 67)  # arXiv 1511.07122, table 1


def module(dims: int, channels: int = 2, **values) -> ContextModule:
    torch.manual_seed(0)
    return ContextModule(parse(ContextModule.Config, values), channels, dims).double()


def loud(made: ContextModule) -> ContextModule:
    """With weights that let every input be heard: all positive."""
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.uniform_(0.1, 0.2)
    return made


@pytest.mark.parametrize("dims", [1, 2])
@pytest.mark.parametrize("padding", ["each", "once"])
def test_each_layer_sees_what_the_paper_says(dims: int, padding: str) -> None:
    made, seen, side = loud(module(dims, 1, padding=padding)), [], 75
    for layer in made.layers:
        layer.register_forward_hook(lambda layer, given, found: seen.append(found))
    x = torch.rand(1, *[side] * dims, 1).double().requires_grad_()
    made(x)
    for output, field in zip(seen, TABLE, strict=True):
        middle = (0, 0, *(size // 2 for size in output.shape[2:]))
        (gradient,) = torch.autograd.grad(output[middle], x, retain_graph=True)
        where = gradient[0, ..., 0].nonzero()
        assert (where.amax(0) - where.amin(0) + 1).tolist() == [field] * dims
        assert len(where) == field**dims  # and there is no hole in it
    assert made.receptive_fields == TABLE and made.receptive_field == 67


def test_plain_convolution_of_the_same_size_sees_fifteen_steps() -> None:
    plain, dilated = module(1, dilations=[1] * 7), module(1)
    assert plain.receptive_field == 15
    assert [one.shape for one in plain.parameters()] == [one.shape for one in dilated.parameters()]


@pytest.mark.parametrize("dims", [1, 2])
@pytest.mark.parametrize("size", ["basic", "large"])
@pytest.mark.parametrize("padding", ["each", "once"])
def test_at_the_start_it_returns_what_is_not_negative(dims: int, size: str, padding: str) -> None:
    made, x = module(dims, 3, size=size, padding=padding), torch.rand(2, *[9] * dims, 3).double()
    with torch.no_grad():
        assert_close(made(x), x)


def test_the_large_form_has_noise_where_channels_are_copied_and_without_it_is_the_identity_to_the_bit() -> None:
    made = module(1, 3, size="large")
    assert [layer.out_channels for layer in made.layers] == [6, 6, 12, 24, 48, 96, 96, 3]
    assert all(len(layer.weight.unique()) > 9 for layer in made.layers[1:])
    x = torch.randint(256, (1, 9, 3)) / 256
    assert torch.equal(module(1, 3, size="large", noise=0).float()(x), x)


@pytest.mark.parametrize("padding", ["each", "once"])
def test_rows_and_what_lies_behind_their_ends_keep_apart(padding: str) -> None:
    made = loud(module(1, padding=padding))

    def read(x: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return made(x, lengths), lengths

    check_whole(read, torch.rand(3, 12, 2).double(), torch.tensor([12, 5, 9]))


def test_a_large_module_of_other_layers_is_refused() -> None:
    with refuses(UsageError, "dilations", "7", "3"):
        parse(ContextModule.Config, {"size": "large", "dilations": [1, 2, 4]})
