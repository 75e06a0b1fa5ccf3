"""ByteNet's blocks through the contract, and its equations and shape as published."""

from pathlib import Path

import pytest
import torch

from tests.contract import check_layer
from tests.networks.cases import CASES
from tests.networks.plain_bytenet import convolve, normed, shaken
from undertow.layers import Dropout
from undertow.networks import ByteNet
from undertow.networks.bytenet import MUBlock, ReLUBlock


@pytest.mark.parametrize("block", [MUBlock, ReLUBlock])
def test_contract_of_blocks(block: type[MUBlock | ReLUBlock], tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(block(3, 3, 2), torch.randn(3, 16, 6).double(), tmp_path)


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
    network = CASES["bytenet"].make(dropout=0.5).train()
    x = torch.randn(1, 2000, 6)
    hidden = network.head.hidden(x).relu()
    with torch.no_grad():
        network.head.output.weight.zero_()[:, 0] = torch.eye(6)
        network.head.output.bias.zero_()
    dropped = network.head(x)
    kept = dropped != 0
    torch.testing.assert_close(dropped[kept], 2 * hidden[kept])
    assert 0.45 < kept[hidden > 0].float().mean() < 0.55
    assert sum(isinstance(module, Dropout) for module in network.modules()) == 1
    torch.testing.assert_close(network.eval().head(x), hidden)
