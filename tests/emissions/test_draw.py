"""Inversion: the symbol drawn is the one whose interval holds the uniform."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.refusals import refuses
from undertow.config import parse
from undertow.emissions import EMISSIONS, Sampling, build
from undertow.emissions.draw import closed, cumulative, invert
from undertow.errors import UsageError

LAST_UNIFORM = 1 - 2**-53


@given(
    st.lists(st.floats(0, 1e6), min_size=1, max_size=40).filter(lambda weights: sum(weights) > 1e-6),
    st.one_of(st.floats(0, LAST_UNIFORM), st.sampled_from([0.0, LAST_UNIFORM])),
)
def test_the_symbol_drawn_owns_the_uniform_and_has_weight(weights, uniform):
    upper = cumulative(torch.tensor(weights, dtype=torch.float64))
    symbol = int(invert(upper, torch.tensor([uniform], dtype=torch.float64)))
    cdf = closed(upper)
    assert cdf[0] == 0 and cdf[-1] == 1
    assert cdf[symbol] <= uniform < cdf[symbol + 1]
    assert weights[symbol] > 0


def test_symbols_are_laid_out_in_order():
    upper = cumulative(torch.tensor([1.0, 0.0, 2.0, 1.0, 0.0], dtype=torch.float64))
    uniforms = torch.tensor([0, 0.2499, 0.25, 0.7499, 0.75, LAST_UNIFORM], dtype=torch.float64)
    assert invert(upper.expand(6, -1).contiguous(), uniforms[:, None]).tolist() == [0, 0, 2, 2, 3, 3]


def test_nan_parameters_draw_no_symbol_of_the_alphabet():
    emission = build(EMISSIONS["categorical"].Config(), 8)
    uniforms = torch.full((1, 1), 0.5, dtype=torch.float64)
    assert int(emission.sample(torch.full((1, 8), torch.nan), uniforms, Sampling())) == 8


@pytest.mark.parametrize("kind", sorted(set(EMISSIONS) - {"categorical"}))
@pytest.mark.parametrize("filters", [{"top_k": 3}, {"top_p": 0.9}])
def test_filters_are_for_categorical_emissions(kind, filters):
    emission = build(EMISSIONS[kind].Config(), 2)
    params, uniforms = torch.zeros(1, emission.num_params), torch.zeros(1, emission.num_uniforms).double()
    with refuses(UsageError, "categorical", kind):
        emission.sample(params, uniforms, Sampling(**filters))


@pytest.mark.parametrize(
    "wrong", [{"temperature": -1}, {"temperature": float("nan")}, {"top_k": 0}, {"top_p": 0}, {"top_p": 1.5}]
)
def test_wrong_samplings_are_refused(wrong):
    with refuses(UsageError, *wrong):
        parse(Sampling, wrong)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("mixture_of_logistics", {"num_components": 0}),
        ("mixture_of_logistics", {"scale_margin": -1}),
        ("mixture_of_gaussians", {"num_component": 3}),
        ("gaussian", {"initial_scale": 0}),
        ("gaussian", {"initial_scale": float("nan")}),
        ("bernoulli", {"num_elements": 0}),
        ("categorical", {"num_symbols": 256}),
    ],
)
def test_wrong_configs_are_refused(kind, wrong):
    with refuses(UsageError, *wrong):
        parse(EMISSIONS[kind].Config, wrong)
