"""How far back models look, found by gradients, against what they declare; and what they attend to."""

from typing import Any

import numpy as np
import pytest
import torch

from tests.generation.models import build
from tests.refusals import refuses
from undertow.config import parse
from undertow.cost.network_families import family
from undertow.errors import UsageError
from undertow.models import Autoregressive
from undertow.pictures.attention import attention_of
from undertow.pictures.receptive_field import Reach, measure_reach


def sound(**network: Any) -> Autoregressive:
    values = {
        "alphabet": {"kind": "mu_law", "num_levels": 16},
        "network": {"kind": "wavenet", "num_cycles": 1, "layers_per_cycle": 4, "residual_channels": 4, **network},
        "emission": {"kind": "categorical"},
        "conditioner": {"labels": {"speaker": ["a", "b"]}},
        "sample_rate": 8,
    }
    return Autoregressive(parse(Autoregressive.Config, values))


@pytest.mark.parametrize("name", ["bytenet", "tcn", "wavenet"])
def test_the_measured_field_is_the_declared_one(name: str) -> None:
    model = family(name, 0, width=8, depth=4)
    reach = measure_reach(model)
    assert reach.measured == reach.declared == model.receptive_field < len(reach.magnitude)


@pytest.mark.parametrize("name", ["gru", "samplernn", "transformer", "rnn-attention"])
def test_all_of_the_past(name: str) -> None:
    reach = measure_reach(family(name, 40, width=8, depth=2), 40)
    assert reach.declared is None and reach.measured == 40


@pytest.mark.parametrize("network", [{"input": "scalar"}, {"input_kernel_size": 3}])
def test_a_model_of_sound(network: dict[str, Any]) -> None:
    reach = measure_reach(sound(**network))
    assert reach.measured == reach.declared and reach.sample_rate == 8


def test_a_linear_prediction_is_seen_too() -> None:
    """The field is of samples, not of what the prediction leaves."""
    model = build("predicted").float()
    reach = measure_reach(model)
    assert reach.measured == reach.declared == model.network.inner.receptive_field + 3


def test_a_field_that_is_declared_too_large_is_found_out() -> None:
    model = family("wavenet", 0, width=8, depth=4)
    model.network.receptive_field = 40
    reach = measure_reach(model)
    assert (reach.declared, reach.measured) == (40, 16)


def test_the_gradient_of_a_plain_sum() -> None:
    """A plain convolution of the values themselves: the gradient by age is the norm of each tap."""
    model = sound(input="scalar", layers_per_cycle=1)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    one, two = measure_reach(model, 6), measure_reach(model, 6)
    assert np.array_equal(one.magnitude, two.magnitude) and (one.magnitude[2:] == 0).all() and one.magnitude[:2].all()
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items()) and model.training


def test_shares_by_age() -> None:
    reach = Reach(np.array([3.0, 1.0, 1.0, 1.0]), None, None)  # squares 9 of 12, then 1 each
    assert [reach.age_of_share(share) for share in (0.5, 0.75, 0.8, 1.0)] == [1, 1, 2, 4]


def test_attention_of_a_text() -> None:
    model = family("transformer", 16, width=8, depth=3)
    weights, inputs = attention_of(model, "a b\nß")
    assert inputs[:5] == ["⊢", "a", "␣", "b", "↵"] and len(inputs) == 7  # ß is two bytes
    assert [layer.shape for layer in weights] == [(1, 7, 7)] * 3
    for layer in weights:
        np.testing.assert_allclose(layer.sum(-1), 1, rtol=1e-5)
        assert not np.triu(layer, 1).any()
    (weights,), _ = attention_of(family("rnn-attention", 16, width=8, depth=1), "ab")
    assert weights.shape == (1, 3, 3)


def test_attention_of_a_text_whose_symbols_are_read_as_values() -> None:
    transformer = {"kind": "transformer", "input": "scalar", "num_layers": 1, "channels": 8, "num_heads": 2}
    network = {**transformer, "max_length": 8}
    values = {"alphabet": {"kind": "bytes"}, "network": network, "emission": {"kind": "categorical"}}
    (weights,), _ = attention_of(Autoregressive(parse(Autoregressive.Config, values)), "ab")
    assert weights.shape == (2, 3, 3)


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("lstm", "ab", "rnn"),
        ("transformer", "", "empty"),
        ("transformer", "a" * 9, "max_length is 8"),
    ],
)
def test_no_attention_to_be_had(name: str, text: str, part: str) -> None:
    with refuses(UsageError, part):
        attention_of(family(name, 8, width=8, depth=1), text)


@pytest.mark.parametrize("num_steps", [0, 9])
def test_lengths_that_cannot_be_looked_at(num_steps: int) -> None:
    with refuses(UsageError, f"steps is {num_steps}", "1 to 8"):
        measure_reach(family("transformer", 8, width=8, depth=1), num_steps)


def test_a_network_of_values_that_computes_its_last_step_alone() -> None:
    tcn = {"kind": "tcn", "input": "scalar", "kernel_size": 3, "num_levels": 2, "channels": 4}
    parts = {"alphabet": {"kind": "mu_law", "num_levels": 16}, "emission": {"kind": "categorical"}, "network": tcn}
    reach = measure_reach(Autoregressive(parse(Autoregressive.Config, parts)))
    assert reach.measured == reach.declared == 13
