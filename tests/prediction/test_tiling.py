"""Tiles give the labels of the whole image."""

import pytest
import torch

from tests.models.test_segmenter import segmenter
from tests.refusals import refuses
from undertow.errors import DataError, UsageError
from undertow.prediction import tiling
from undertow.prediction.tiling import label_image


@pytest.mark.parametrize("size", [(40, 61), (33, 32), (3, 5)])
def test_tiles_equal_the_whole(size: tuple[int, int]) -> None:
    model = segmenter(context={"dilations": [1, 2]}).double().eval()
    with torch.no_grad():
        for parameter in model.network.context.parameters():
            parameter.normal_(std=0.3)
    image = torch.randint(256, (*size, 3), generator=torch.Generator().manual_seed(0))
    whole = label_image(model, image)
    assert len(whole.classes.unique()) > 1
    for tile in (7, 16):
        found = label_image(model, image, tile)
        assert torch.equal(found.classes, whole.classes)
        torch.testing.assert_close(found.probability, whole.probability, rtol=1e-6, atol=0)


def test_a_large_image_is_read_in_parts_of_a_bounded_size(monkeypatch) -> None:
    monkeypatch.setattr(tiling, "MOST_PIXELS", 100**2)
    model, seen = segmenter(), []
    outputs = model.outputs
    monkeypatch.setattr(model, "outputs", lambda images: (seen.append(images[0, ..., 0].numel()), outputs(images))[1])
    image = torch.randint(256, (150, 170, 3), generator=torch.Generator().manual_seed(0))
    found = label_image(model, image)
    assert len(seen) == 4 and max(seen) <= 100**2 and found.classes.shape == (150, 170)


def test_a_model_that_does_not_say_how_far_it_sees_reads_no_tiles(monkeypatch) -> None:
    model, image = segmenter(), torch.zeros(70, 70, 3, dtype=torch.int64)
    model.network.receptive_field = None
    label_image(model, image)
    with refuses(UsageError, "70 x 70", "network.front.reach"):
        label_image(model, image, 32)


def test_damaged_weights_are_named() -> None:
    model = segmenter()
    with torch.no_grad():
        model.network.scores.bias[0] = float("nan")
    with refuses(DataError, "weights"):
        label_image(model, torch.zeros(8, 8, 3, dtype=torch.int64))
