"""What a pixel sees of its image, by gradient: PixelCNN has a blind spot, and Gated PixelCNN none."""

from typing import Any

import numpy as np
import pytest

from tests.refusals import refuses
from undertow.config import parse
from undertow.errors import UsageError
from undertow.models import Autoregressive
from undertow.pictures.raster_field import measure_raster, shape_of

GREY, COLOUR = (6, 11, 1), (4, 7, 3)


def model_of(shape: tuple[int, int, int], kind: str, **network: Any) -> Autoregressive:
    parts = {
        "alphabet": {"kind": "pixels", "num_levels": 4, "shape": shape, "ordered": shape[2] == 3},
        "network": {"kind": kind, "channels": 8, "first_kernel_size": 3, **network},
        "emission": {"kind": "categorical"},
    }
    return Autoregressive(parse(Autoregressive.Config, parts))


@pytest.mark.parametrize(
    ("kind", "layers", "rows", "seen", "blind"),
    [
        ("pixelcnn", 2, 3, 7 + 6 + 5 + 3, 1 + 2),
        ("gated_pixelcnn", 3, 3, 3 * 7 + 3, 0),
        ("row_lstm", 1, 5, 11 + 10 + 9 + 7 + 5 + 2, 1 + 2 + 4 + 6 + 3),
        ("diagonal_bilstm", 1, 5, 59, 1),
    ],
)
def test_what_is_seen(kind: str, layers: int, rows: int, seen: int, blind: int) -> None:
    model = model_of(GREY, kind, num_layers=layers)
    field = measure_raster(model, GREY)
    assert (field.row, field.column, field.rows_above) == (5, 5, rows) and field.before.sum() == 60
    assert not field.seen[5, 5:].any() and field.seen[5, 4]
    assert (field.seen.sum(), field.blind.sum()) == (seen, blind)
    assert shape_of(model) == GREY


def test_channels_of_a_pixel() -> None:
    field = measure_raster(model_of(COLOUR, "pixelcnn", num_layers=1), COLOUR)
    own = field.magnitude[:, 3, 3] > 0  # by output, by channel
    assert field.outputs == ("red", "green", "blue") and np.array_equal(own, np.tri(3, k=-1, dtype=bool))
    assert (field.magnitude[:, 3, 2] > 0).all() and not field.magnitude[:, 3, 4:].any()


def test_another_pixel() -> None:
    model = model_of(GREY, "gated_pixelcnn", num_layers=3)
    field = measure_raster(model, GREY, 1)
    assert (field.row, field.column, field.rows_above) == (0, 0, 0) and not field.seen.any() and not field.blind.any()
    assert (measure_raster(model, GREY, 23).row, measure_raster(model, GREY, 24).column) == (2, 1)
    with refuses(UsageError, "steps is 67", "66"):
        measure_raster(model, GREY, 67)
