"""Categorical: against plain softmax arithmetic, and the exact rules of temperature, top-k and top-p."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from undertow.emissions import Categorical, Sampling
from undertow.emissions.categorical import filtered

INFINITE = -math.inf
LOGITS = torch.tensor([1.0, 3.0, 3.0, 0.0, 3.0, 1.0])


def categorical(num_symbols):
    return Categorical(Categorical.Config(), num_symbols)


def kept(logits, **sampling):
    """The symbols that are left, in order."""
    return filtered(torch.as_tensor(logits), Sampling(**sampling)).nonzero().flatten().tolist()


def test_log_prob_is_log_softmax():
    logits, symbols = 5 * torch.randn(3, 4, 7, dtype=torch.float64), torch.randint(7, (3, 4))
    expected = torch.log_softmax(logits, -1).gather(-1, symbols[..., None])[..., 0]
    torch.testing.assert_close(categorical(7).log_prob(logits, symbols), expected, rtol=1e-13, atol=0)


@given(
    st.lists(st.floats(-60, 60, width=32), min_size=2, max_size=20),
    st.floats(0, 1, exclude_max=True),
    st.floats(0.05, 20),
)
def test_draws_are_those_of_plain_inversion(logits, uniform, temperature):
    scaled = np.float64(logits) / temperature
    weights = np.exp(scaled - scaled.max())
    upper = np.cumsum(weights) / weights.sum()
    if np.abs(upper - uniform).min() < 1e-12:
        return
    drawn = categorical(len(logits)).sample(
        torch.tensor(logits), torch.tensor([uniform], dtype=torch.float64), Sampling(temperature=temperature)
    )
    assert int(drawn) == np.searchsorted(upper, uniform, side="right")


def test_top_k_breaks_ties_in_symbol_order():
    assert kept(LOGITS, top_k=1) == [1]
    assert kept(LOGITS, top_k=2) == [1, 2]
    assert kept(LOGITS, top_k=4) == [0, 1, 2, 4]
    assert kept(LOGITS, top_k=5) == [0, 1, 2, 4, 5]
    assert kept(LOGITS, top_k=100) == list(range(6))
    assert kept(torch.zeros(1000), top_k=300) == list(range(300))
    assert kept([1e-20, 2e-20, 1e-20], top_k=1) == [1]  # equal weights once rounded, unequal logits


def test_top_p_keeps_the_fewest_that_reach_it():
    eighths = torch.tensor([0.125, 0.5, 0.25, 0.125], dtype=torch.float64).log2()
    logits = eighths * math.log(2)
    assert kept(logits, top_p=0.49) == [1]
    assert kept(logits, top_p=0.51) == [1, 2]
    assert kept(logits, top_p=0.76) == [0, 1, 2]
    assert kept(logits, top_p=0.88) == [0, 1, 2, 3]
    assert kept(logits, top_p=1.0) == [0, 1, 2, 3]
    assert kept(logits, top_p=1e-9) == [1]
    assert kept(torch.zeros(4), top_p=0.5) == [0, 1]  # exactly reached: equal logits give exact quarters
    assert kept(torch.zeros(4), top_p=0.5000001) == [0, 1, 2]


def test_temperature_then_top_k_then_top_p():
    logits = torch.tensor([0.4, 0.3, 0.2, 0.1], dtype=torch.float64).log()
    assert kept(logits, top_p=0.5) == [0, 1]
    assert kept(logits, top_p=0.5, top_k=2) == [0]  # of the two left, 4/7 is the first's
    assert kept(logits, top_p=0.5, temperature=0.3) == [0]
    assert kept(logits, top_p=0.5, temperature=100.0) == [0, 1]


def test_what_is_kept_keeps_its_ratios():
    weights = filtered(LOGITS, Sampling(top_k=4))
    expected = torch.softmax(LOGITS.double(), -1)
    torch.testing.assert_close(weights[[0, 1, 2, 4]], expected[[0, 1, 2, 4]])
    drawn = categorical(6).sample(
        LOGITS.expand(1000, -1), torch.linspace(0, 0.9999, 1000).double()[:, None], Sampling(top_k=4)
    )
    share = torch.bincount(drawn, minlength=6) / 1000
    torch.testing.assert_close(share.double(), weights / weights.sum(), rtol=0, atol=2e-3)


@pytest.mark.parametrize("sampling", [Sampling(temperature=0), Sampling(temperature=0, top_k=3, top_p=0.5)])
def test_temperature_zero_takes_the_first_of_the_most_probable(sampling):
    uniforms = torch.full((1,), 0.99, dtype=torch.float64)
    assert int(categorical(6).sample(LOGITS, uniforms, sampling)) == 1


@pytest.mark.parametrize("temperature", [1e-300, 1e-30, 1e9])
def test_any_temperature_above_zero_draws(temperature):
    uniforms = torch.tensor([0.5], dtype=torch.float64)
    drawn = categorical(3).sample(torch.tensor([-2.0, 5.0, 3.0]), uniforms, Sampling(temperature=temperature))
    assert int(drawn) == 1


def test_forbidden_symbols_are_never_drawn():
    logits = torch.tensor([INFINITE, 0.0, INFINITE, -800.0, INFINITE])
    uniforms = torch.tensor([[0.0], [0.5], [1 - 2**-53]], dtype=torch.float64)
    for sampling in (Sampling(), Sampling(temperature=0.5), Sampling(top_k=4), Sampling(top_p=0.9999)):
        assert categorical(5).sample(logits.expand(3, -1), uniforms, sampling).tolist() == [1, 1, 1]


def test_float32_logits_are_accumulated_in_float64():
    cdf = categorical(65536).cdf(torch.zeros(65536))
    torch.testing.assert_close(cdf, torch.arange(65537, dtype=torch.float64) / 65536, rtol=0, atol=1e-15)
