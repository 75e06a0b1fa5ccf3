"""The temporal convolutional network's blocks through the contract, and its equations and shapes as published."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.contract import check_layer
from tests.networks.cases import CASES
from undertow.batch import Condition
from undertow.config import parse
from undertow.networks import TCN
from undertow.networks.tcn import TemporalBlock

CASE = CASES["tcn"]
make, inputs = CASE.make, CASE.inputs

PUBLISHED: dict[str, tuple[dict[str, Any], int]] = {  # by task, the shape and its receptive field
    "adding": ({"input": "scalar", "kernel_size": 8, "num_levels": 8, "channels": 24}, 3571),
    "sequential MNIST": ({"input": "scalar", "kernel_size": 7, "num_levels": 8, "channels": 25}, 3061),
    "copy memory": ({"kernel_size": 8, "num_levels": 8, "channels": 10}, 3571),
    "JSB": ({"input": "scalar", "kernel_size": 3, "num_levels": 2, "channels": 150}, 13),
    "Nottingham": ({"input": "scalar", "kernel_size": 6, "num_levels": 4, "channels": 150}, 151),
    "PTB characters": ({"kernel_size": 3, "num_levels": 3, "channels": [450, 450, 100]}, 29),
}


@pytest.mark.parametrize("channels", [3, 5])
def test_contract_of_the_block(channels: int, tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(TemporalBlock(3, channels, 3, 2, 0.0), torch.randn(3, 24, 3).double(), tmp_path)


@pytest.mark.parametrize("channels", [3, 5])
def test_block_is_the_papers(channels: int) -> None:
    """Beside the block written with torch's own convolutions, paddings and weight norm."""
    torch.manual_seed(1)
    block = TemporalBlock(3, channels, 4, 2, 0.5).double().eval()

    def reference(conv: Any, in_channels: int) -> nn.Sequential:
        plain = nn.utils.parametrizations.weight_norm(nn.Conv1d(in_channels, channels, 4, dilation=2)).double()
        with torch.no_grad():
            conv.scale.add_(torch.rand(channels))
            plain.parametrizations.weight.original0.copy_(conv.scale[:, None, None])
            plain.parametrizations.weight.original1.copy_(conv.direction.transpose(1, 2))
            plain.bias.copy_(conv.bias)
        return nn.Sequential(nn.ConstantPad1d((6, 0), 0.0), plain, nn.ReLU(), nn.Dropout(0.5))

    net = nn.Sequential(reference(block.first, 3), reference(block.second, channels)).eval()
    x = torch.randn(2, 20, 3).double()
    out = net(x.transpose(1, 2)).transpose(1, 2)
    assert (block.skip is None) == (channels == 3)
    skip = x if block.skip is None else x @ block.skip.weight[:, 0].T + block.skip.bias
    torch.testing.assert_close(block(x), torch.relu(out + skip))


@pytest.mark.parametrize("task", PUBLISHED)
def test_receptive_fields_of_the_paper(task: str) -> None:
    shape, field = PUBLISHED[task]
    with torch.device("meta"):
        network = TCN(parse(TCN.Config, shape), num_symbols=10, num_params=10)
    assert network.receptive_field == field
    k, levels = shape["kernel_size"], shape["num_levels"]
    assert field == 1 + 2 * (k - 1) * (2**levels - 1)


@pytest.mark.parametrize("name", CASE.shapes)
@pytest.mark.parametrize("num_steps", [1, 2, 7, 44, 45])
def test_the_last_step_alone_is_the_last_of_all(name: str, num_steps: int) -> None:
    """Values and gradients, with sequences shorter and longer than the receptive field."""
    network = make(condition_channels=2, **CASE.shapes[name]).double()
    x, condition = inputs(network, num_steps=num_steps), Condition(torch.randn(3, num_steps, 2).double())
    last, expected = network.last(x, condition), network(x, condition)[:, -1]
    torch.testing.assert_close(last, expected, rtol=1e-10, atol=1e-11)
    weights = torch.randn_like(last)
    for a, b in zip(*(gradients(network, (y * weights).sum()) for y in (last, expected)), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-11)


def gradients(network: TCN, loss: Tensor) -> tuple[Tensor, ...]:
    return torch.autograd.grad(loss, list(network.parameters()))


def test_the_last_step_alone_is_cheap() -> None:
    """A level works on half as many steps as the one below it."""
    network, seen = make(num_levels=5, input="scalar"), []
    for block in network.stack.layers:
        block.dropout.register_forward_pre_hook(lambda module, args: seen.append(args[0].shape[1]))
    network.last(inputs(network, num_steps=64).float(), Condition())
    assert seen == [64, 32, 32, 16, 16, 8, 8, 4, 4, 2]


def test_dropout_is_of_whole_channels_in_training() -> None:
    torch.manual_seed(1)
    block = TemporalBlock(8, 8, 2, 1, 0.5).train()
    for conv in (block.first, block.second):
        nn.init.zeros_(conv.scale)
        nn.init.constant_(conv.bias, 2.0)  # so what is zero behind the ReLU was dropped
    seen: list[Tensor] = []
    block.dropout.register_forward_hook(lambda module, args, output: seen.append(output))
    block(torch.randn(50, 9, 8))
    for output in seen:
        zero = output == 0
        assert torch.equal(zero.all(dim=1), zero.any(dim=1)), "a channel is dropped at every step or at none"
        assert 0.4 < zero.float().mean() < 0.6
        assert set(output.unique().tolist()) == {0.0, 4.0}
    assert len(seen) == 2
    assert torch.equal(block.eval().dropout(seen[0]), seen[0])


def test_embedding_dropout_is_of_elements() -> None:
    network = make(embedding_dropout=0.5, embedding_channels=20).train()
    seen: list[Tensor] = []
    network.stack.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    network(inputs(network), Condition())
    assert 0.4 < (seen[0] == 0).float().mean() < 0.6
    assert not (seen[0] == 0).all(dim=1).any()
