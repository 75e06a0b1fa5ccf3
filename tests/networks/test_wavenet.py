"""Every shape of WaveNet through the contract, and the facts its paper and its users rely on."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.contract import check_network
from undertow.batch import Condition
from undertow.config import parse
from undertow.errors import UsageError
from undertow.networks import WaveNet

SMALL: dict[str, Any] = {"num_cycles": 1, "layers_per_cycle": 3, "residual_channels": 4, "gate_channels": 6}
SMALL |= {"skip_channels": 12}
CONTEXT = {"frame_size": 3, "num_layers": 2, "channels": 8, "gate_channels": 8, "out_channels": 3}

SHAPES: dict[str, dict[str, Any]] = {
    "embedding": {},
    "two cycles": {"num_cycles": 2, "layers_per_cycle": 2},
    "kernel 3": {"kernel_size": 3, "layers_per_cycle": 2},
    "causal convolution of the embedding": {"input_kernel_size": 2},
    "scalar": {"input": "scalar"},
    "scalar, kernel 3": {"input": "scalar", "input_kernel_size": 3},
    "head of its own width": {"head_channels": 7},
    "context stack": {"context": CONTEXT},
    "context stack, scalar": {"context": CONTEXT, "input": "scalar", "input_kernel_size": 2},
    "context stack without pooling": {"context": {**CONTEXT, "frame_size": 1}},
}


def make(condition_channels: int = 0, **changes: Any) -> WaveNet:
    return WaveNet(parse(WaveNet.Config, {**SMALL, **changes}), 7, 6, condition_channels)


def inputs(network: WaveNet, batch_size: int = 3, num_steps: int = 40) -> Tensor:
    if network.takes_symbols:
        return torch.randint(0, 8, (batch_size, num_steps))
    return torch.rand(batch_size, num_steps, 1).double() * 2 - 1


@pytest.mark.parametrize("name", SHAPES)
def test_contract(name: str, tmp_path: Path) -> None:
    network = make(**SHAPES[name])
    check_network(network, inputs(network), tmp_path)


@pytest.mark.parametrize("name", ["embedding", "scalar", "context stack"])
@pytest.mark.parametrize("num_steps", [1, 40])
def test_contract_with_a_condition(name: str, num_steps: int, tmp_path: Path) -> None:
    network = make(condition_channels=2, **SHAPES[name])
    condition = Condition(aligned=torch.randn(3, num_steps, 2).double())
    check_network(network, inputs(network), tmp_path, condition)


def test_paper_shape_has_the_published_size_and_field() -> None:
    network = WaveNet(WaveNet.Config(), num_symbols=256, num_params=256)
    assert network.receptive_field == 3070
    assert 1.24e6 < sum(p.numel() for p in network.parameters()) < 1.28e6
    assert WaveNet(WaveNet.Config(input_kernel_size=2), 256, 256).receptive_field == 3071


@pytest.mark.parametrize(
    ("shape", "field"),
    [
        ({"num_cycles": 1, "layers_per_cycle": 10}, 1024),  # one cycle of ten layers: 64 ms at 16 kHz
        ({"num_cycles": 4, "layers_per_cycle": 6, "kernel_size": 3}, 505),  # 24 layers in 4 cycles, k=3
    ],
)
def test_receptive_fields_of_known_shapes(shape: dict[str, int], field: int) -> None:
    assert make(**shape).receptive_field == field


def test_skip_connections_are_a_sum_over_layers() -> None:
    """The one matrix over all gated outputs is Σ_l S_l z_l."""
    network = make().double()
    x = inputs(network)
    gated = network.stack(network.input(x))
    width = SMALL["gate_channels"] // 2
    total = network.skip.conv.bias.clone()
    for layer in range(3):
        part = slice(layer * width, (layer + 1) * width)
        total = total + gated[..., part] @ network.skip.conv.weight[:, 0, part].T
    torch.testing.assert_close(network.skip(gated), torch.relu(total))


def test_every_parameter_is_used() -> None:
    """DDP and FSDP wait for a gradient of each parameter."""
    for shape in SHAPES.values():
        network = make(condition_channels=2, **shape).double()
        condition = Condition(aligned=torch.randn(3, 1, 2).double())
        network(inputs(network), condition).sum().backward()
        assert all(p.grad is not None for p in network.parameters())


@pytest.mark.parametrize(
    ("key", "value"),
    [("kernel_size", 1), ("gate_channels", 5), ("num_cycles", 0), ("input", "one-hot"), ("residual_chanels", 8)]
    + [("layers_per_cycle", 25), ("context", {"num_layers": 80})],
)
def test_bad_configs_are_refused_by_name(key: str, value: Any) -> None:
    with pytest.raises(UsageError, match=key):
        parse(WaveNet.Config, {key: value})
