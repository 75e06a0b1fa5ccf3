"""The facts of WaveNet that its paper and its users rely on."""

import pytest
import torch

from tests.networks.cases import CASES
from undertow.networks import WaveNet

CASE = CASES["wavenet"]
make, inputs = CASE.make, CASE.inputs


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
    width = network.config.gate_channels // 2
    total = network.skip.conv.bias.clone()
    for layer in range(3):
        part = slice(layer * width, (layer + 1) * width)
        total = total + gated[..., part] @ network.skip.conv.weight[:, 0, part].T
    torch.testing.assert_close(network.skip(gated), torch.relu(total))
