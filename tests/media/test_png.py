"""PNG files: what is written is what a reader finds."""

from pathlib import Path

import numpy as np
import pytest

from tests.media.png_reader import pixels_of
from tests.refusals import refuses
from undertow.errors import DataError
from undertow.media.png import write_png


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (3, 5, 3)])
@pytest.mark.parametrize("scale", [1, 4])
def test_pixels_come_back(shape: tuple[int, ...], scale: int, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    write_png(tmp_path / "x.png", pixels, scale)
    found = pixels_of(tmp_path / "x.png")
    assert found.shape[:2] == (shape[0] * scale, shape[1] * scale)
    assert np.array_equal(found[::scale, ::scale], pixels)


@pytest.mark.parametrize(
    "pixels", [np.zeros((2, 2)), np.zeros(4, np.uint8), np.zeros((0, 3), np.uint8), np.zeros((2, 2, 2), np.uint8)]
)
def test_what_is_no_image(pixels: np.ndarray, tmp_path: Path) -> None:
    with refuses(DataError, pixels.shape, pixels.dtype.name):
        write_png(tmp_path / "x.png", pixels)
    assert not list(tmp_path.iterdir())
