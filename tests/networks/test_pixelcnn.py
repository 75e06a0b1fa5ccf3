"""What PixelCNN sees, and what it does not: its blind spot."""

from tests.networks.cases import CASES
from tests.networks.fields import before, no_value_is_seen_too_early, picture, seen
from undertow.networks import PixelCNN

SHAPE = (9, 9, 1)


def test_a_stack_of_masked_squares_has_a_blind_spot() -> None:
    """It opens to the right, by as many rows up as columns to the side; the left side has none within the reach."""
    network = CASES["pixelcnn"].make(shape=[9, 9, 1], num_layers=2)
    fields = seen(network, SHAPE, row=6, column=4)
    print(picture(fields, SHAPE, row=6, column=4))
    blind = {(row, column) for row, column in before(SHAPE, 6, 4) if column - 4 > 6 - row}
    assert not fields & {(row, column, 0) for row, column in blind}
    assert (5, 5, 0) in fields and (5, 6, 0) not in fields and (3, 7, 0) in fields and (6, 1, 0) in fields


def test_every_pixel_row_and_channel_changes_only_what_comes_later() -> None:
    for name in ("pixelcnn", "gated_pixelcnn"):
        case = CASES[name]
        no_value_is_seen_too_early(case.make(**{**case.shapes["colour"], "channels": 12}), case.inputs)


def test_of_a_colour_red_is_seen_by_green_and_both_by_blue() -> None:
    network = CASES["pixelcnn"].make(shape=[4, 4, 3], num_layers=1)
    own = [
        {channel for row, column, channel in seen(network, (4, 4, 3), 2, 2, wanted) if (row, column) == (2, 2)}
        for wanted in range(3)
    ]
    assert own == [set(), {0}, {0, 1}]


def test_the_papers_field_is_as_wide_as_the_image() -> None:
    network = PixelCNN(PixelCNN.Config(shape=(28, 28, 1), num_layers=7), 2, 2)
    assert network.receptive_field == (3 + 7) * 28 + 10
