"""Weight normalisation: the contract, and what scale and direction mean."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.contract import check_layer
from undertow.layers import CausalConv1d, Layer, WeightNormConv1d

LAYERS: dict[str, Callable[[], Layer]] = {
    "convolution of normed weights": lambda: WeightNormConv1d(3, 5, kernel_size=3, dilation=2),
    "pointwise convolution of normed weights": lambda: WeightNormConv1d(3, 5),
}


@pytest.mark.parametrize("name", LAYERS)
def test_contract(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(LAYERS[name](), torch.randn(3, 33, 3).double(), tmp_path)


def test_normed_weights_have_the_length_of_their_scale() -> None:
    torch.manual_seed(1)
    layer = WeightNormConv1d(4, 6, kernel_size=3, dilation=2).double()
    torch.testing.assert_close(layer.kernel(), layer.direction)
    with torch.no_grad():
        layer.scale.copy_(torch.arange(1.0, 7.0))
        layer.direction.mul_(5)
    torch.testing.assert_close(layer.kernel().flatten(1).norm(dim=1), layer.scale)
    plain = CausalConv1d(4, 6, kernel_size=3, dilation=2).double()
    plain.load_state_dict({"weight": layer.kernel(), "bias": layer.bias})
    x = torch.randn(2, 12, 4).double()
    torch.testing.assert_close(layer(x), plain(x))
