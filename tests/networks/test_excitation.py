"""A network of what a linear prediction leaves: the contract, and the equations of the module's docstring."""

from pathlib import Path

import pytest
import torch

from tests.contract import check_network
from tests.networks.cases import CASES
from undertow.batch import Condition
from undertow.emissions import build
from undertow.emissions.gaussian import Gaussian
from undertow.emissions.mixture_of_logistics import MixtureOfLogistics
from undertow.networks import Excitation

ORDER, LABELS, STEPS = 3, 2, 40
EMISSIONS = {"gaussian": Gaussian.Config(), "mixture": MixtureOfLogistics.Config(num_components=2)}


def excited(emission: str = "gaussian", kind: str = "wavenet") -> Excitation:
    case = CASES[kind]
    made = build(EMISSIONS[emission], 65536)
    torch.manual_seed(1)
    config = {"input": "scalar"}
    network = case.network(case.network.Config(**{**case.small, **config}), 7, made.num_params, LABELS, in_channels=1)
    return Excitation(network, ORDER, made.num_params, made.means, made.log_scales).double()


def conditioned(num_steps: int = STEPS) -> Condition:
    generator = torch.Generator().manual_seed(2)
    given = torch.randn(3, num_steps, LABELS, generator=generator)
    weights = 0.3 * torch.randn(3, num_steps, ORDER, generator=generator)
    deviation = 0.5 + torch.rand(3, num_steps, 1, generator=generator)
    parts = [given, weights, 1 / deviation, deviation, deviation.log()]
    return Condition(aligned=torch.cat(parts, dim=-1).double())


def sound() -> torch.Tensor:
    return torch.randn(3, STEPS, 1, generator=torch.Generator().manual_seed(3)).double()


@pytest.mark.parametrize(("emission", "kind"), [("gaussian", "wavenet"), ("mixture", "wavenet"), ("gaussian", "rnn")])
def test_contract(emission: str, kind: str, tmp_path: Path) -> None:
    check_network(excited(emission, kind), sound(), tmp_path, conditioned())


@pytest.mark.parametrize("emission", EMISSIONS)
def test_it_is_the_equations(emission: str) -> None:
    network, x, condition = excited(emission), sound(), conditioned()
    aligned = condition.aligned
    assert aligned is not None
    weights, (inverse, deviation, log_deviation) = aligned[..., LABELS:-3], aligned[..., -3:].unbind(-1)
    prediction = torch.zeros(3, STEPS).double()
    for step in range(STEPS):
        for lag in range(min(ORDER, step + 1)):
            prediction[:, step] += weights[:, step, ORDER - 1 - lag] * x[:, step - lag, 0]
    excitation = x[..., 0].clone()
    excitation[:, 1:] -= prediction[:, :-1]
    own = network.inner((excitation * inverse)[..., None], Condition(aligned=aligned[..., :LABELS]))
    found = network(x, condition)
    emitted = build(EMISSIONS[emission], 65536)
    where = {"means": emitted.means, "log_scales": emitted.log_scales}
    torch.testing.assert_close(
        found[..., where["means"]], own[..., where["means"]] * deviation[..., None] + prediction[..., None]
    )
    torch.testing.assert_close(
        found[..., where["log_scales"]], own[..., where["log_scales"]] + log_deviation[..., None]
    )
    if emission == "mixture":
        assert torch.equal(found[..., :2], own[..., :2])


def test_without_a_prediction_it_is_its_network() -> None:
    network, x = excited(), sound()
    given = torch.randn(3, 1, LABELS).double()
    nothing = torch.tensor([0.0, 0, 0, 1, 1, 0]).double().expand(3, 1, -1)
    found = network(x, Condition(aligned=torch.cat([given, nothing], -1)))
    assert torch.equal(found, network.inner(x, Condition(aligned=given)))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_network_of_half_precision_runs(dtype: torch.dtype) -> None:
    network, x, condition = excited().to(dtype), sound().to(dtype), conditioned()
    aligned = condition.aligned
    assert aligned is not None
    known = Condition(aligned=aligned.float())
    found, _ = network.step(x, network.init_state(3, known.steps(0, 1)), known)
    assert bool(torch.isfinite(found).all()) and found.shape == network(x, known).shape


def test_its_own_channels_are_those_of_its_network() -> None:
    network, x, condition = excited(), sound(), conditioned()
    hidden, _ = network.step_hidden(x, network.init_state(3, condition.steps(0, 1)), condition)
    left, placed, given = network._excitation(x, condition)
    own, _ = network.inner.step_hidden(left, network.inner.init_state(3, given), given)
    torch.testing.assert_close(network.own(hidden), own)
    torch.testing.assert_close(hidden[..., own.shape[-1] :], placed)
