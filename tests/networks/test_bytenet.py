"""ByteNet through the contract, and its equations and shape as published."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.contract import check_layer, check_network
from undertow.batch import Condition
from undertow.config import parse
from undertow.errors import UsageError
from undertow.networks import ByteNet
from undertow.networks.bytenet import MUBlock, ReLUBlock

SMALL: dict[str, Any] = {"channels": 3, "num_cycles": 1, "layers_per_cycle": 3, "dropout": 0.0}

SHAPES: dict[str, dict[str, Any]] = {
    "multiplicative": {},
    "relu": {"block": "relu"},
    "two cycles": {"num_cycles": 2, "layers_per_cycle": 2},
    "kernel 2": {"kernel_size": 2, "num_cycles": 2},
    "kernel 4": {"kernel_size": 4, "layers_per_cycle": 2},
    "scalar": {"input": "scalar"},
}


def make(condition_channels: int = 0, **changes: Any) -> ByteNet:
    torch.manual_seed(1)
    return ByteNet(parse(ByteNet.Config, {**SMALL, **changes}), 7, 6, condition_channels, in_channels=2)


def inputs(network: ByteNet, batch_size: int = 3, num_steps: int = 40) -> Tensor:
    if network.takes_symbols:
        return torch.randint(0, 8, (batch_size, num_steps))
    return torch.randn(batch_size, num_steps, 2).double()


@pytest.mark.parametrize("name", SHAPES)
def test_contract(name: str, tmp_path: Path) -> None:
    network = make(**SHAPES[name])
    check_network(network, inputs(network), tmp_path)


@pytest.mark.parametrize("name", ["multiplicative", "scalar"])
@pytest.mark.parametrize("num_steps", [1, 40])
def test_contract_with_a_condition(name: str, num_steps: int, tmp_path: Path) -> None:
    network = make(condition_channels=2, **SHAPES[name])
    condition = Condition(aligned=torch.randn(3, num_steps, 2).double())
    check_network(network, inputs(network), tmp_path, condition)


@pytest.mark.parametrize("block", [MUBlock, ReLUBlock])
def test_contract_of_blocks(block: type[MUBlock | ReLUBlock], tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(block(3, 3, 2), torch.randn(3, 16, 6).double(), tmp_path)


def convolve(conv: Any, x: Tensor) -> Tensor:
    """A layer's convolution of x (B, T, C) by torch's own, padded on the left."""
    kernel = conv.weight.transpose(1, 2)
    padded = F.pad(x.transpose(1, 2), ((kernel.shape[2] - 1) * conv.dilation, 0))
    return F.conv1d(padded, kernel, conv.bias, dilation=conv.dilation).transpose(1, 2)


def normed(layer: Any, x: Tensor) -> Tensor:
    """Layer norm over the channels of each step, from its definition."""
    centred = x - x.mean(dim=-1, keepdim=True)
    scaled = centred / (centred.square().mean(dim=-1, keepdim=True) + 1e-5).sqrt()
    return scaled * layer.norm.weight + layer.norm.bias


def shaken(module: torch.nn.Module) -> Any:
    """The module in float64, no parameter at a value that would hide it."""
    with torch.no_grad():
        for parameter in module.double().parameters():
            parameter.add_(torch.randn_like(parameter) / 4)
    return module


def test_multiplicative_block_is_the_papers() -> None:
    """LN, ReLU, 1×1; LN; a 1×1 unit; a masked dilated unit; LN, ReLU, 1×1; and the input added."""
    torch.manual_seed(1)
    block, x = shaken(MUBlock(3, 3, 2)), torch.randn(2, 14, 6).double()
    reduce, norm, pointwise, dilated, expand = block.inner.layers
    h = normed(norm, convolve(reduce.conv, normed(reduce.norm, x).relu()))
    for unit in (pointwise, dilated):
        g_1, g_2, g_3, u = convolve(unit.conv, h).split(3, dim=-1)
        h = g_1.sigmoid() * (g_2.sigmoid() * h + g_3.sigmoid() * u.tanh()).tanh()
    assert pointwise.receptive_field == 1 and dilated.receptive_field == 5
    torch.testing.assert_close(block(x), x + convolve(expand.conv, normed(expand.norm, h).relu()))


def test_relu_block_is_the_papers() -> None:
    torch.manual_seed(1)
    block, x = shaken(ReLUBlock(3, 3, 2)), torch.randn(2, 14, 6).double()
    h = x
    for part in block.inner.layers:
        h = convolve(part.conv, normed(part.norm, h).relu())
    assert [part.receptive_field for part in block.inner.layers] == [1, 5, 1]
    torch.testing.assert_close(block(x), x + h)


def test_published_shape() -> None:
    """30 blocks on a stream of 2d = 1024, seeing 373 steps; what each block holds, counted by hand."""
    with torch.device("meta"):
        network = ByteNet(ByteNet.Config(), num_symbols=205, num_params=205)
    assert network.receptive_field == 1 + 2 * 31 * 6 == 373
    assert [block.receptive_field for block in network.stack.layers] == [3, 5, 9, 17, 33] * 6
    d = 512
    reduce, expand = 4 * d + 2 * d * d + d, 2 * d + 2 * d * d + 2 * d
    units = 2 * d + (4 * d * d + 4 * d) + (3 * 4 * d * d + 4 * d)
    head = (2 * d) ** 2 + 2 * d + 2 * d * 205 + 205
    assert sum(p.numel() for p in network.parameters()) == 206 * 2 * d + 30 * (reduce + units + expand) + head


def test_head_drops_before_the_last_convolution_alone() -> None:
    network = make(dropout=0.5).train()
    x = torch.randn(1, 2000, 6)
    hidden = network.head.hidden(x).relu()
    with torch.no_grad():
        network.head.output.weight.zero_()[:, 0] = torch.eye(6)
        network.head.output.bias.zero_()
    dropped = network.head(x)
    kept = dropped != 0
    torch.testing.assert_close(dropped[kept], 2 * hidden[kept])
    assert 0.45 < kept[hidden > 0].float().mean() < 0.55
    assert sum(isinstance(module, torch.nn.Dropout) for module in network.modules()) == 1
    torch.testing.assert_close(network.eval().head(x), hidden)


def test_output_makes_the_parameters() -> None:
    network = make()
    before = network(inputs(network), Condition())
    with torch.no_grad():
        network.output.bias += 1
    assert network.output.bias.shape == (6,) and before.shape == (3, 40, 6)


def test_every_parameter_is_used() -> None:
    for shape in SHAPES.values():
        network = make(condition_channels=2, **shape).double()
        condition = Condition(aligned=torch.randn(3, 1, 2).double())
        network(inputs(network), condition).square().sum().backward()
        assert all(p.grad is not None for p in network.parameters())


@pytest.mark.parametrize(
    ("key", "value"),
    [("kernel_size", 1), ("block", "gated"), ("num_cycles", 0), ("layers_per_cycle", 25), ("dropout", 1.0)],
)
def test_bad_configs_are_refused_by_name(key: str, value: Any) -> None:
    with pytest.raises(UsageError, match=key):
        parse(ByteNet.Config, {key: value})
