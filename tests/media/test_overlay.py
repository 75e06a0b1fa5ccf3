"""Overlays: colours over the image, and a legend beside it."""

import numpy as np

from tests.refusals import refuses
from undertow.data.image_files import read_image
from undertow.data.masks import palette
from undertow.errors import UsageError
from undertow.media.overlay import LEGEND_WIDTH, overlay, write_picture


def test_pixels_are_mixed_with_the_colours_of_their_classes(tmp_path) -> None:
    image, classes = np.full((3, 240, 3), 100, np.uint8), np.zeros((3, 240), np.int64)
    classes[:, 120:] = 2
    found = overlay(image, classes, ("sky", "road", "tree"), opacity=0.5)
    assert found.shape[1] == 480 + LEGEND_WIDTH and found.shape[0] >= 2 * 20
    assert np.abs(found[0, 0].astype(int) - (100 + palette(3)[0].astype(int)) / 2).max() <= 1
    assert np.abs(found[5, 479].astype(int) - (100 + palette(3)[2].astype(int)) / 2).max() <= 1
    in_legend = {tuple(one) for one in found[:, 480:].reshape(-1, 3).tolist()}
    assert {tuple(palette(3)[0]), tuple(palette(3)[2])} <= in_legend and tuple(palette(3)[1]) not in in_legend
    write_picture(tmp_path / "a.png", found)
    assert np.array_equal(read_image(tmp_path / "a.png").pixels, found)
    with refuses(UsageError, "a.txt", ".png"):
        write_picture(tmp_path / "a.txt", found)
