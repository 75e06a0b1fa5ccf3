"""Causal convolutions: the contract, the equation, and the library's own numbers."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.contract import check_layer
from undertow.layers import CausalConv1d, Layer
from undertow.state import leaves

LAYERS: dict[str, Callable[[], Layer]] = {
    "pointwise convolution": lambda: CausalConv1d(3, 5),
    "convolution k=2": lambda: CausalConv1d(3, 5, kernel_size=2),
    "convolution k=2 d=4": lambda: CausalConv1d(3, 5, kernel_size=2, dilation=4),
    "convolution k=3 d=2": lambda: CausalConv1d(3, 4, kernel_size=3, dilation=2, bias=False),
    "convolution k=5 d=3": lambda: CausalConv1d(3, 4, kernel_size=5, dilation=3),
    "convolution k=2, gain and scale": lambda: scaled(CausalConv1d(3, 4, kernel_size=2, gain=16.0)),
}


def scaled(layer: CausalConv1d) -> CausalConv1d:
    layer.scale = torch.tensor([1.0, 0.25, 1.0, 0.015625])
    return layer


@pytest.mark.parametrize("name", LAYERS)
def test_contract(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(LAYERS[name](), torch.randn(3, 33, 3).double(), tmp_path)


def test_convolution_is_the_equation() -> None:
    layer = CausalConv1d(2, 3, kernel_size=3, dilation=2).double()
    x = torch.randn(1, 9, 2).double()
    y = layer(x)
    for time in range(9):
        expected = layer.bias.clone()
        for tap in range(3):
            source = time - (2 - tap) * 2
            if source >= 0:
                expected = expected + layer.weight[:, tap] @ x[0, source]
        torch.testing.assert_close(y[0, time], expected)


def test_a_gain_and_scales_are_weights_of_another_size() -> None:
    layer, plain = scaled(CausalConv1d(3, 4, kernel_size=2, dilation=3, gain=16.0)), CausalConv1d(3, 4, 2, 3)
    assert layer.scale is not None and "scale" not in layer.state_dict()
    with torch.no_grad():
        plain.weight.copy_(16 * layer.weight * layer.scale[:, None, None])
        plain.bias.copy_(layer.bias * layer.scale)
    x = torch.randn(2, 9, 3)
    assert torch.equal(layer(x), plain(x))


def test_convolution_equals_the_librarys() -> None:
    layer = CausalConv1d(4, 6, kernel_size=2, dilation=8).double()
    reference = torch.nn.Conv1d(4, 6, 2, dilation=8).double()
    with torch.no_grad():
        reference.weight.copy_(layer.weight.transpose(1, 2))
        reference.bias.copy_(layer.bias)
    x = torch.randn(2, 40, 4).double()
    padded = torch.nn.functional.pad(x.transpose(1, 2), (8, 0))
    torch.testing.assert_close(layer(x), reference(padded).transpose(1, 2))


def test_step_moves_a_cursor_and_not_the_ring() -> None:
    layer = CausalConv1d(2, 2, kernel_size=2, dilation=8)
    with torch.no_grad():
        state = layer.init_state(1)
        ring = state["past"]
        for time in range(1, 20):
            _, state = layer.step(torch.ones(1, 1, 2), state)
            assert state["past"].data_ptr() == ring.data_ptr()
            assert state["cursor"].tolist() == [time % 8]


def test_a_ring_takes_steps_of_another_precision() -> None:
    """As autocast makes them."""
    layer = CausalConv1d(3, 3, kernel_size=3, dilation=2)
    x = torch.randn(2, 9, 3).bfloat16()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        whole, state, stepped = layer(x), layer.init_state(2), []
        for time in range(9):
            y, state = layer.step(x[:, time : time + 1], state)
            stepped.append(y)
    assert [leaf.dtype for leaf in leaves(state)] == [torch.float32, torch.int64]
    torch.testing.assert_close(torch.cat(stepped, dim=1).float(), whole.float(), rtol=2e-2, atol=2e-2)
