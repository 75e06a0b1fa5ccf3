"""Colour in which green depends on red, and blue on both."""

import math

import pytest
import torch

from tests.refusals import refuses
from undertow.emissions import CoupledLogistics, Sampling
from undertow.errors import UsageError


def make(num_components: int = 1) -> CoupledLogistics:
    return CoupledLogistics(CoupledLogistics.Config(num_components=num_components, initial_scale=0.01), 256)


def test_means_move_with_the_channels_before() -> None:
    """At temperature 0, against the formula."""
    means, couplings = [0.3, -0.2, 0.1], [0.7, -0.4, 1.1]
    params = torch.tensor([0.0, *means, 0.0, 0.0, 0.0, *couplings], dtype=torch.float64)
    red, green, blue = make().sample(params, torch.zeros(4, dtype=torch.float64), Sampling(temperature=0)).tolist()

    def value(symbol: int) -> float:
        return (2 * symbol + 1) / 256 - 1

    def symbol(mean: float) -> int:
        return math.floor((mean + 1) * 128)

    assert red == symbol(0.3)
    assert green == symbol(-0.2 + math.tanh(0.7) * value(red))
    assert blue == symbol(0.1 + math.tanh(-0.4) * value(red) + math.tanh(1.1) * value(green))


def test_what_is_known_weighs_the_components() -> None:
    """One draws dark pixels, the other bright ones: a red of one leaves no doubt on green."""
    dark_and_bright = [-0.5, 0.5]
    params = torch.tensor([0.0, 0.0, *3 * dark_and_bright, *[0.0] * 6, *[0.0] * 6], dtype=torch.float64)
    emission = make(num_components=2)
    before = emission.cdf(params)[128]
    after = [emission.cdf(params, torch.tensor([red]))[128] for red in (64, 191)]
    assert abs(before - 0.5) < 1e-12 and after[0] > 1 - 1e-12 and after[1] < 1e-12


def test_a_cdf_is_the_same_bits_in_any_batch_whatever_is_known() -> None:
    emission = make(num_components=10)
    generator = torch.Generator().manual_seed(0)
    params = torch.randn(13, emission.num_params, generator=generator)
    known = torch.randint(0, 256, (13, 2), generator=generator)
    rows = [emission.cdf(*row) for row in zip(params.split(1), known.split(1), strict=True)]
    assert torch.equal(emission.cdf(params, known), torch.cat(rows))


def test_a_far_pixel_in_float32_costs_finite_nats() -> None:
    params = torch.zeros(1, 10, requires_grad=True)
    with torch.no_grad():
        params[:, 4:7] = -20.0  # the narrowest scales
    log_prob = make().log_prob(params, torch.tensor([[0, 255, 0]]))
    log_prob.sum().backward()
    assert log_prob.isfinite().all() and log_prob < -100 and params.grad is not None and params.grad.isfinite().all()


@pytest.mark.parametrize("option", [{"top_k": 3}, {"top_p": 0.5}])
def test_only_a_temperature(option: dict) -> None:
    with refuses(UsageError, "top_k", "coupled_logistics"):
        make().sample(torch.zeros(1, 10), torch.zeros(1, 4, dtype=torch.float64), Sampling(**option))
