"""Masks are read as values, and written so that they can be read again."""

import numpy as np
from PIL import Image

from tests.refusals import refuses
from undertow.data.masks import palette, read_mask, write_mask
from undertow.errors import DataError


def test_values_and_places_in_a_palette_are_classes(tmp_path) -> None:
    classes = np.arange(256).reshape(16, 16)
    write_mask(tmp_path / "palette.png", classes)
    assert np.array_equal(read_mask(tmp_path / "palette.png"), classes)
    assert Image.open(tmp_path / "palette.png").convert("RGB").getpixel((3, 0)) == tuple(palette(4)[3])
    Image.fromarray(classes.astype(np.uint8)).save(tmp_path / "grey.png")
    assert np.array_equal(read_mask(tmp_path / "grey.png"), classes)
    Image.fromarray((classes * 3).astype(np.uint16)).save(tmp_path / "deep.png")
    assert np.array_equal(read_mask(tmp_path / "deep.png"), classes * 3)


def test_colours_differ() -> None:
    assert len({tuple(one) for one in palette(200).tolist()}) == 200


def test_what_is_not_a_mask_is_refused(tmp_path) -> None:
    Image.new("RGB", (2, 2)).save(tmp_path / "colour.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "colour.png").read_bytes()[:40])
    Image.new("L", (2, 2)).save(tmp_path / "lossy.jpg")
    for name, noun in (("colour.png", "RGB"), ("cut.png", "truncated"), ("lossy.jpg", ".png")):
        with refuses(DataError, name, noun):
            read_mask(tmp_path / name)
