"""A network of images knows their width, and reads nothing but images."""

import pytest

from tests.networks.cases import CASES
from tests.refusals import refuses
from undertow.config import parse
from undertow.errors import UsageError
from undertow.networks import NETWORKS, build


def test_images_of_any_height() -> None:
    network = CASES["pixelcnn"].make()
    assert network.max_length is None and network.period == 5 and network.ignored == 1


@pytest.mark.parametrize("kind", ["pixelcnn", "gated_pixelcnn"])
def test_other_sequences_are_refused(kind: str) -> None:
    config = NETWORKS[kind].Config()
    with refuses(UsageError, "shape", kind):
        build(config, 7, 7)
    assert build(config, 7, 7, shape=(28, 28, 1)).raster.width == 28
    with refuses(UsageError, "shape", "(8, 5, 1)", "(8, 6, 1)"):
        build(parse(NETWORKS[kind].Config, {"shape": [8, 5, 1]}), 7, 7, shape=(8, 6, 1))
