"""Every layer through the contract, and what each layer promises beyond it."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.contract import check_layer
from undertow.layers import (
    CausalConv1d,
    ChannelDropout,
    Dropout,
    Embedding,
    Framed,
    GatedConv1d,
    GatedStack,
    Inputs,
    Layer,
    LayerNorm,
    MultiplicativeUnit,
    Repeat,
    Serial,
    TransposedConv1d,
    Values,
    WeightNormConv1d,
    dilation_cycles,
)
from undertow.state import leaves

LAYERS: dict[str, Callable[[], Layer]] = {
    "pointwise convolution": lambda: CausalConv1d(3, 5),
    "convolution k=2": lambda: CausalConv1d(3, 5, kernel_size=2),
    "convolution k=2 d=4": lambda: CausalConv1d(3, 5, kernel_size=2, dilation=4),
    "convolution k=3 d=2": lambda: CausalConv1d(3, 4, kernel_size=3, dilation=2, bias=False),
    "convolution k=5 d=3": lambda: CausalConv1d(3, 4, kernel_size=5, dilation=3),
    "convolution of normed weights": lambda: WeightNormConv1d(3, 5, kernel_size=3, dilation=2),
    "pointwise convolution of normed weights": lambda: WeightNormConv1d(3, 5),
    "gated convolution": lambda: GatedConv1d(3, 8, kernel_size=2, dilation=2),
    "gated stack": lambda: GatedStack(3, 8, 2, dilation_cycles(2, 3)),
    "gated stack k=3": lambda: GatedStack(3, 6, 3, [1, 2, 3]),
    "inputs": lambda: Inputs("scalar", 0, in_channels=3, channels=5),
    "dropout": lambda: Dropout(0.5).eval(),
    "channel dropout": lambda: ChannelDropout(0.5).eval(),
    "values": lambda: Values(),
    "multiplicative unit": lambda: MultiplicativeUnit(3, kernel_size=3, dilation=2),
    "layer norm": lambda: LayerNorm(3),
    "repeat": lambda: Repeat(4),
    "transposed convolution": lambda: TransposedConv1d(3, 5, stride=4),
    "transposed convolution k=7 s=3": lambda: TransposedConv1d(3, 5, stride=3, kernel_size=7),
    "transposed convolution k=s": lambda: TransposedConv1d(3, 5, stride=2, kernel_size=2),
    "upsampling in stages": lambda: Serial(CausalConv1d(3, 4, 2), TransposedConv1d(4, 4, 3), TransposedConv1d(4, 2, 2)),
    "frames": lambda: Framed(Serial(CausalConv1d(12, 6, 2), CausalConv1d(6, 8)), 4, in_channels=3, out_channels=2),
    "late and upsampled": lambda: Serial(Framed(CausalConv1d(9, 6), 3, 3, 2), TransposedConv1d(2, 2, 2)),
    "frames of one step": lambda: Framed(CausalConv1d(3, 2, 2), 1, in_channels=3, out_channels=2),
}


@pytest.mark.parametrize("name", LAYERS)
def test_contract(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(LAYERS[name](), torch.randn(3, 33, 3).double(), tmp_path)


def test_contract_of_conditioned_layers(tmp_path: Path) -> None:
    torch.manual_seed(1)
    condition = torch.randn(3, 33, 2).double()
    check_layer(GatedConv1d(3, 8, 2, 3, condition_channels=2), torch.randn(3, 33, 3).double(), tmp_path, condition)
    check_layer(GatedStack(3, 8, 2, [1, 2, 4], 2), torch.randn(3, 33, 3).double(), tmp_path, condition)
    check_layer(Values(), torch.randn(3, 33, 3).double(), tmp_path, condition)


def test_contract_of_embedding(tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(Embedding(5, 3), torch.randint(0, 6, (3, 12)), tmp_path)


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


def test_convolution_equals_the_librarys() -> None:
    layer = CausalConv1d(4, 6, kernel_size=2, dilation=8).double()
    reference = torch.nn.Conv1d(4, 6, 2, dilation=8).double()
    with torch.no_grad():
        reference.weight.copy_(layer.weight.transpose(1, 2))
        reference.bias.copy_(layer.bias)
    x = torch.randn(2, 40, 4).double()
    padded = torch.nn.functional.pad(x.transpose(1, 2), (8, 0))
    torch.testing.assert_close(layer(x), reference(padded).transpose(1, 2))


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


def test_step_moves_a_cursor_and_not_the_ring() -> None:
    layer = CausalConv1d(2, 2, kernel_size=2, dilation=8)
    with torch.no_grad():
        state = layer.init_state(1)
        ring = state["past"]
        for time in range(1, 20):
            _, state = layer.step(torch.ones(1, 1, 2), state)
            assert state["past"].data_ptr() == ring.data_ptr()
            assert state["cursor"].tolist() == [time % 8]


def test_transposed_convolution_leaves_no_gaps() -> None:
    with pytest.raises(ValueError, match="gaps"):
        TransposedConv1d(1, 1, stride=4, kernel_size=3)


def test_frames_speak_when_they_are_whole() -> None:
    """A frame's outputs begin at its last step; before the first whole frame there is silence."""

    class Identity(CausalConv1d):
        def forward(self, x: Tensor) -> Tensor:
            return x

    layer = Framed(Identity(3, 3), 3, in_channels=1, out_channels=1)
    x = torch.arange(1.0, 9.0)[None, :, None]
    assert layer(x)[0, :, 0].tolist() == [0, 0, 1, 2, 3, 4, 5, 6]


def test_dilation_cycles() -> None:
    assert dilation_cycles(2, 4) == [1, 2, 4, 8, 1, 2, 4, 8]


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
