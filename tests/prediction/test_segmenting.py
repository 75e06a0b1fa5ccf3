"""`undertow.segment`: images of any size and kind."""

import numpy as np
from PIL import Image

import undertow as ut
from tests.models.test_segmenter import segmenter
from tests.refusals import refuses
from undertow.errors import DataError, UsageError


def test_files_and_arrays_give_the_same(tmp_path) -> None:
    model, pixels = segmenter(), np.random.default_rng(0).integers(256, size=(9, 14, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    np.save(tmp_path / "a.npy", pixels)
    one = ut.segment(model, pixels)
    assert one.classes.shape == one.probability.shape == (9, 14) and one.names == ("a", "b", "c")
    assert abs(sum(one.shares.values()) - 1) < 1e-9 and one.shares["a"] == (one.classes == 0).mean()
    done = []
    several = ut.segment(model, [tmp_path / "a.png", str(tmp_path / "a.npy")], progress=lambda *now: done.append(now))
    assert all(np.array_equal(found.classes, one.classes) for found in several) and done == [(1, 2), (2, 2)]
    assert np.array_equal(ut.segment(model, pixels, tile=5).classes, one.classes)


def test_grey_is_made_colour_and_said() -> None:
    found = ut.segment(segmenter(), np.zeros((4, 5), np.uint8))
    assert found.image.shape == (4, 5, 3) and "grey" in found.notes[0]


def test_what_is_not_an_image_is_refused(tmp_path) -> None:
    model = segmenter()
    (tmp_path / "a.txt").write_text("x")
    for given, parts in (
        (np.zeros((4, 4)), ["(4, 4, 1)", "float64", "uint8"]),
        (np.zeros((4, 4, 2), np.uint8), ["(4, 4, 2)"]),
        (tmp_path / "a.txt", ["a.txt", ".png"]),
        (tmp_path / "no.png", ["no.png"]),
    ):
        with refuses(DataError, *parts):
            ut.segment(model, given)
    with refuses(UsageError, "tile", "0"):
        ut.segment(model, np.zeros((4, 4), np.uint8), tile=0)
