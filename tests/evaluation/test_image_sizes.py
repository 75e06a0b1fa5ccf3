"""The size of images as files: what a model's bits are compared with."""

import numpy as np
import pytest

from undertow.alphabets import Pixels
from undertow.config import parse
from undertow.evaluation import image_sizes as module
from undertow.evaluation.baselines import baselines
from undertow.evaluation.image_sizes import image_sizes

Image = pytest.importorskip("PIL.Image")


def pixels(**values) -> Pixels:
    return Pixels(parse(Pixels.Config, values))


def test_noise_costs_what_it_has_and_flat_images_little():
    random = np.random.default_rng(0)
    alphabet = pixels(shape=[32, 32, 1])
    noise, flat = random.integers(0, 256, (4, 1024)), np.zeros((4, 1024), int)
    for sizes, low, high in ((image_sizes(list(noise), alphabet), 7.9, 9), (image_sizes(list(flat), alphabet), 0, 1)):
        assert set(sizes) == {"png", "webp"} and all(low < bits < high for bits in sizes.values())


def test_two_levels_are_one_bit():
    noise = np.random.default_rng(0).integers(0, 2, (2, 64 * 64))
    assert 1 < image_sizes(list(noise), pixels(shape=[64, 64, 1], num_levels=2))["png"] < 1.3


def test_a_step_is_a_pixel_or_a_value(monkeypatch):
    colour = np.random.default_rng(0).integers(0, 256, (2, 16 * 16, 3))
    by_pixel = image_sizes(list(colour), pixels(shape=[16, 16, 3]))["png"]
    by_value = image_sizes([one.reshape(-1) for one in colour], pixels(shape=[16, 16, 3], ordered=True))["png"]
    assert by_pixel == pytest.approx(3 * by_value)
    monkeypatch.setattr(module, "MOST_IMAGES", 1)
    first = image_sizes(list(colour), pixels(shape=[16, 16, 3]))["png"]
    assert first == image_sizes(list(colour[:1]), pixels(shape=[16, 16, 3]))["png"]


def test_they_stand_among_the_baselines():
    images = list(np.random.default_rng(0).integers(0, 4, (3, 30)))
    found = baselines(images, images, pixels(shape=[5, 6, 1], num_levels=4))
    assert found["uniform"] == 2 and {"unigram", "order2", "xz", "png", "webp"} <= set(found)
    assert "png" not in baselines(images, images, pixels(num_levels=4))
