"""Front ends: their stride, what they see, and modules that a user names."""

import pytest
import torch
from torch import nn

from tests.refusals import refuses
from undertow.config import parse
from undertow.errors import UsageError
from undertow.networks.front_ends import VGG, ModuleFrontEnd
from undertow.networks.imported import code_allowed


def halved(channels: int) -> nn.Module:
    """A module as a user may have it."""
    return nn.Conv2d(3, channels, 2, stride=2)


def named(**values) -> ModuleFrontEnd:
    config = parse(
        ModuleFrontEnd.Config, {"path": f"{__name__}:halved", "arguments": {"channels": 5}, "channels": 5, **values}
    )
    with code_allowed():
        return ModuleFrontEnd(config, 3)


def test_dilation_takes_the_place_of_the_last_pools() -> None:
    values = {"channels": [2, 2, 2, 3], "convolutions": [1, 1, 1, 1], "pools": 2}
    front = VGG(parse(VGG.Config, values), 1)
    assert [one.dilation[0] for one in front.layers if isinstance(one, nn.Conv2d)] == [1, 1, 1, 2]
    assert (front.stride, front.channels, front.reach) == (4, 3, 1 + 2 + 4 + 8)
    assert front(torch.rand(2, 1, 8, 12)).shape == (2, 3, 2, 3)


def test_a_module_of_the_users_own_makes_the_features() -> None:
    front = named(stride=2, reach=0)
    assert front(torch.rand(2, 3, 8, 6)).shape == (2, 5, 4, 3)
    assert front.reach == 0 and named(stride=2).reach is None


def test_features_of_another_shape_are_refused() -> None:
    with refuses(UsageError, "halved", "(1, 5, 4, 3)", "(1, 5, 8, 6)"):
        named()(torch.rand(1, 3, 8, 6))


@pytest.mark.parametrize("values", [{"pools": 5}, {"convolutions": [1, 2]}])
def test_stages_that_do_not_go_together_are_refused(values: dict) -> None:
    with refuses(UsageError, "channels", "convolutions", "pools"):
        parse(VGG.Config, values)
