"""Inverse autoregressive flows: the contract, their composition, and their start near the data's scale."""

import math
from pathlib import Path

import torch
from torch import Tensor

from tests.contract import check_layer
from tests.refusals import refuses
from undertow.errors import UsageError
from undertow.networks.inverse_flows import InverseFlow, InverseFlows

SMALL = InverseFlows.Config(layers=(1, 2), layers_per_cycle=2, residual_channels=4, gate_channels=8)


def flows(condition_channels: int = 0) -> InverseFlows:
    torch.manual_seed(2)
    return InverseFlows(SMALL, condition_channels).double()


def test_contract_of_one_flow(tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(InverseFlow(4, 8, 2, [1, 2]), torch.randn(2, 9, 1).double(), tmp_path)


def test_contract_of_conditioned_flows(tmp_path: Path) -> None:
    condition = torch.randn(2, 10, 2).double()
    check_layer(flows(2), torch.randn(2, 10, 1).double(), tmp_path, condition)


def plain(flow: InverseFlow, inputs: list[float], condition: Tensor) -> tuple[float, float]:
    """μ and s of the step after these inputs, by a pass over all of them and one more that must not matter."""
    x = torch.tensor([*inputs, 1e6], dtype=torch.float64).reshape(1, -1, 1)
    mean, log_scale = flow(x, condition[:, : x.shape[1]])[0, -1].tolist()
    return mean, math.exp(log_scale)


def test_the_composition_is_that_of_the_flows_one_after_another() -> None:
    made, z, condition = flows(2), torch.randn(1, 9, 1).double(), torch.randn(1, 9, 2).double()
    found = made(z, condition)[0]
    totals, scales = torch.zeros(9).double(), torch.ones(9).double()
    inputs = z[0, :, 0].tolist()
    for flow in made.flows:
        after = []
        for time in range(9):
            mean, scale = plain(flow, inputs[:time], condition)
            after.append(inputs[time] * scale + mean)
            totals[time], scales[time] = totals[time] * scale + mean, scales[time] * scale
        inputs = after
    torch.testing.assert_close(found[:, 0], torch.tensor(inputs, dtype=torch.float64))
    torch.testing.assert_close(found[:, 1], totals)
    torch.testing.assert_close(found[:, 2], scales.log())
    torch.testing.assert_close(found[:, 0], z[0, :, 0] * scales + totals)


def test_it_can_be_inverted_step_by_step() -> None:
    """The noise behind given samples is found one step after another: z_t = (x_t - μ_t(z_<t)) / s_t(z_<t)."""
    made, z = flows(), torch.randn(1, 12, 1).double()
    x, noise = made(z)[..., 0], torch.zeros(1, 12, 1).double()
    for time in range(12):
        mean, log_scale = made(noise)[0, time, 1:]
        noise[0, time, 0] = (x[0, time] - mean) / log_scale.exp()
    torch.testing.assert_close(noise, z, rtol=1e-9, atol=1e-9)


def test_a_fresh_model_has_the_scale_of_sound() -> None:
    torch.manual_seed(3)
    made = InverseFlows(InverseFlows.Config(layers=(10, 10), residual_channels=16, gate_channels=32))
    with torch.no_grad():
        x, mean, log_scale = made(torch.randn(2, 2000, 1)).unbind(-1)
    assert 0.03 < float(x.std()) < 0.08 and float(mean.abs().max()) < 0.05
    assert 0.03 < float(log_scale.exp().mean()) < 0.08


def test_too_many_layers_are_refused() -> None:
    with refuses(UsageError, "flows.layers", 1200, 1024):
        InverseFlows.Config(layers=(600, 600))
