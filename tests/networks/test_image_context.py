"""A front end with a context module: any size, and the front end's own labels at the start."""

import pytest
import torch

from tests.contract import assert_close
from undertow.config import parse
from undertow.networks import ImageContext
from undertow.networks.image_context import extended

SMALL = {"kind": "vgg", "channels": [4, 6], "convolutions": [1, 1], "pools": 2}


def network(**values) -> ImageContext:
    torch.manual_seed(0)
    return ImageContext(parse(ImageContext.Config, {"front": SMALL, **values}), 5, 3).double()


@pytest.mark.parametrize("size", ["basic", "large"])
def test_on_the_same_front_end_the_module_changes_no_class_at_the_start(size: str) -> None:
    alone, whole = network(), network(context={"size": size})
    taken = whole.load_state_dict(alone.state_dict(), strict=False)
    assert not taken.unexpected_keys and all(name.startswith("context.") for name in taken.missing_keys)
    images = torch.rand(2, 12, 16, 3).double()
    with torch.no_grad():
        assert_close(whole(images).softmax(-1), alone(images).softmax(-1))


def test_images_have_any_size() -> None:
    made = network(context={})
    for height, width in ((1, 1), (3, 9), (8, 8), (13, 6)):
        assert made(torch.rand(1, height, width, 3).double()).shape == (1, height, width, 5)


def test_images_are_extended_by_reflection() -> None:
    x = torch.arange(6.0).reshape(1, 1, 2, 3)
    assert extended(x, 2)[0, 0].tolist() == [[0, 1, 2, 1], [3, 4, 5, 4]]
    assert extended(x, 4).shape == (1, 1, 4, 4) and extended(x, 1) is x
