"""Images side by side, with a line of text under each."""

import numpy as np
import pytest

from undertow.media.grid import BETWEEN, GAP, LINE, grid

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 4, 6)).astype(np.uint8)


def test_where_each_image_lies():
    found = grid(IMAGES, 3, 2)
    assert found.shape == (2 * 8 + GAP, 3 * 12 + 2 * GAP)
    assert np.array_equal(found[10::2, 14 : 14 + 12 : 2], IMAGES[4]) and (found[10:, 28:] == BETWEEN).all()


@pytest.mark.parametrize("channels", [(), (3,)])
def test_a_line_of_text_under_each(channels):
    pytest.importorskip("PIL")
    images = np.zeros((3, 4, 6, *channels), np.uint8)
    found = grid(images, 2, 10, ["cat", "", "a very long name of a class"])
    assert found.shape == (2 * (40 + LINE) + GAP, 2 * 60 + GAP, *channels)
    first, second, third = found[40 : 40 + LINE, :60], found[40 : 40 + LINE, 62:], found[-LINE:, :60]
    assert (first < 60).any() and (third < 60).any() and (second == BETWEEN).all()
    assert (third < 60).sum() > (first < 60).sum() and (found[:40, :60] == 0).all()
    assert not np.array_equal(first, third)
