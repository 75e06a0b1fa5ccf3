"""Pictures of what a pixel sees: a panel for each network, nine for the channels of a colour image."""

import numpy as np
import pytest

from tests.refusals import refuses
from undertow.data.image_files import read_image
from undertow.errors import UsageError
from undertow.pictures.raster_drawing import draw_rasters
from undertow.pictures.raster_field import RasterField


@pytest.mark.parametrize("channels", [1, 3])
def test_panels(channels, tmp_path):
    pytest.importorskip("PIL")
    magnitude = np.zeros((channels, 3, 6, channels))
    magnitude[:, 1, 1:3] = 0.5
    outputs = ("red", "green", "blue") if channels == 3 else ("pixel",)
    field = RasterField(magnitude, 2, 2, outputs, 9)
    draw_rasters([("a $name$", field)] * (1 if channels == 3 else 2), tmp_path / "x.png", "title")
    height, width, _ = read_image(tmp_path / "x.png").pixels.shape
    assert (height > 600) == (channels == 3) and width > 900
    with refuses(UsageError, "x.jpg"):
        draw_rasters([("a", field)], tmp_path / "x.jpg")
