"""What the two networks of PixelRNN see, and that they read grey images alone."""

import pytest

from tests.networks.cases import CASES
from tests.networks.fields import before, no_value_is_seen_too_early, picture, seen
from tests.refusals import refuses
from undertow.errors import UsageError
from undertow.networks import NETWORKS

SHAPE = (6, 5, 1)


@pytest.mark.parametrize("kind", ["row_lstm", "diagonal_bilstm"])
def test_no_pixel_is_seen_before_it_is_known(kind: str) -> None:
    case = CASES[kind]
    no_value_is_seen_too_early(case.make(channels=6), case.inputs)


def test_the_diagonals_see_every_pixel_before_but_one() -> None:
    """The last pixel of the row above is in no features of its own row, for mask A leaves it out of its own."""
    network = CASES["diagonal_bilstm"].make(shape=list(SHAPE), num_layers=1, channels=8)
    for row, column in ((0, 3), (3, 0), (3, 2), (3, 3), (5, 4)):
        wanted = {(*pixel, 0) for pixel in before(SHAPE, row, column)}
        assert seen(network, SHAPE, row, column) == wanted - ({(row - 1, 4, 0)} if column < 3 else set())


def test_rows_see_a_triangle_above() -> None:
    network = CASES["row_lstm"].make(shape=[5, 9, 1], num_layers=1, channels=8)
    found = picture(seen(network, (5, 9, 1), 3, 4), (5, 9, 1), 3, 4)
    assert found.split() == ["########.", "#######..", ".#####...", "..##x....", "........."]


@pytest.mark.parametrize("kind", ["row_lstm", "diagonal_bilstm"])
def test_colour_is_refused(kind: str) -> None:
    with refuses(UsageError, kind, "data.grey=true", "pixelcnn"):
        NETWORKS[kind](NETWORKS[kind].Config(shape=(4, 4, 3)), 256, 256)
