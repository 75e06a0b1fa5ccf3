"""A network's first layer: the contract, and the condition that is added."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.contract import check_layer
from undertow.layers import Inputs, Layer
from undertow.layers.inputs import InputKind

LAYERS: dict[str, Callable[[], Layer]] = {
    "inputs": lambda: Inputs("scalar", 0, in_channels=3, channels=5),
}


@pytest.mark.parametrize("name", LAYERS)
def test_contract(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(LAYERS[name](), torch.randn(3, 33, 3).double(), tmp_path)


@pytest.mark.parametrize("kind", ["embedding", "scalar"])
def test_the_condition_is_added(kind: InputKind) -> None:
    torch.manual_seed(1)
    layer = Inputs(kind, 7, in_channels=2, channels=4, condition_channels=3).double()
    x = torch.randint(0, 8, (2, 5)) if kind == "embedding" else torch.randn(2, 5, 2).double()
    condition = torch.randn(2, 1, 3).double()
    assert layer.condition is not None
    expected = layer.symbols(x) + condition @ layer.condition.weight[:, 0].T
    torch.testing.assert_close(layer(x, condition), expected)
    torch.testing.assert_close(layer.step(x, layer.init_state(2), condition)[0], expected)
