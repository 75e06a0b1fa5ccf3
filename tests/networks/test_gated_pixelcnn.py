"""Gated PixelCNN sees every pixel above and to the left within its reach, and says when a row is too short for it."""

import pytest

from tests.networks.cases import CASES
from tests.networks.fields import before, picture, seen
from tests.refusals import refuses
from undertow.errors import UsageError
from undertow.networks import GatedPixelCNN

SHAPE = (9, 9, 1)


def test_there_is_no_blind_spot() -> None:
    network = CASES["gated_pixelcnn"].make(shape=list(SHAPE), num_layers=4)
    fields = seen(network, SHAPE, row=6, column=4)
    print(picture(fields, SHAPE, row=6, column=4))
    reach = 4
    wanted = {(row, column, 0) for row, column in before(SHAPE, 6, 4) if 6 - row <= reach and abs(column - 4) <= reach}
    assert fields == wanted


def test_of_a_colour_red_is_seen_by_green_and_both_by_blue() -> None:
    network = CASES["gated_pixelcnn"].make(shape=[5, 6, 3], num_layers=2)
    for channel in range(3):
        fields = seen(network, (5, 6, 3), 3, 3, channel)
        assert {c for row, column, c in fields if (row, column) == (3, 3)} == set(range(channel))
        above = {(row, column) for row, column in before((5, 6, 3), 3, 3) if row >= 1 and 1 <= column <= 5}
        assert {(row, column) for row, column, _ in fields} - {(3, 3)} == above


def test_rows_that_are_too_short_are_refused() -> None:
    made = GatedPixelCNN(GatedPixelCNN.Config(shape=(12, 12, 1), num_layers=9, channels=2), 2, 2)
    assert made.layers[-1].late == 12
    with refuses(UsageError, "12 columns", "num_layers 10", 13):
        GatedPixelCNN(GatedPixelCNN.Config(shape=(12, 12, 1), num_layers=10, channels=2), 2, 2)


@pytest.mark.parametrize("size", [3, 5])
def test_the_reach_is_that_of_its_kernels(size: int) -> None:
    config = GatedPixelCNN.Config(shape=(28, 28, 1), kernel_size=size, num_layers=3, channels=2)
    reach = 3 + 2 * (size // 2)
    assert GatedPixelCNN(config, 2, 2).receptive_field == reach * 28 + reach
