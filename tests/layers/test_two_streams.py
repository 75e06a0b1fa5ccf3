"""Two streams give a whole image and its rows the same numbers; what each of them sees."""

from types import SimpleNamespace

import pytest
import torch

from tests.contract import assert_close
from undertow import state as states
from undertow.layers.two_streams import Edge, Level


def test_what_the_first_convolutions_see() -> None:
    edge, window = Edge(2, 3).double(), torch.randn(1, 2, 6, 5).double().requires_grad_()
    fields = []
    for stream in edge(window):
        assert stream.shape == (1, 3, 4, 5)
        (gradient,) = torch.autograd.grad(stream[:, :, 2, 2].sum(), window)  # row 2 is the window's row 4
        fields.append({tuple(place) for place in gradient.abs().sum(dim=(0, 1)).nonzero().tolist()})
    above = {(3, 1), (3, 2), (3, 3)}
    assert fields == [above | {(2, 1), (2, 2), (2, 3)}, above | {(4, 1)}]


@torch.no_grad()
@pytest.mark.parametrize("num_inner", [0, 2])
def test_rows_are_the_whole_image(num_inner: int) -> None:
    torch.manual_seed(0)
    config = SimpleNamespace(channels=3, num_blocks=1, dropout=0.0)
    level = Level(config, num_inner, condition_channels=2).double()
    u, v = (torch.randn(2, 3, 7, 8).double() for _ in range(2))
    y = torch.randn(2, 2, 7, 8).double()
    (whole_u, whole_v), _ = level((u, v), (y, y), None, None)
    state = level.init_state(2, 8)
    for row in range(7):
        one = slice(row, row + 1)
        pair, state = level((u[:, :, one], v[:, :, one]), (y[:, :, one], y[:, :, one]), state, torch.tensor([row, row]))
        assert_close(pair[0], whole_u[:, :, one])
        assert_close(pair[1], whole_v[:, :, one])
    assert states.named_leaves(state).keys() == states.named_leaves(level.init_state(2, 8)).keys()
