"""Stacked weights: each name that a layer gives is a weight of it, and divides into as many matrices."""

from collections.abc import Callable

import pytest
from torch import nn

from undertow.layers import (
    CausalSelfAttention,
    GatedConv1d,
    GatedFeedForward,
    MultiHeadAttention,
    MultiplicativeUnit,
    Recurrent,
)

LAYERS: dict[str, Callable[[], nn.Module]] = {
    "attention": lambda: CausalSelfAttention(4, 2, 9),
    "attention to a memory": lambda: MultiHeadAttention(4, 2),
    "gated convolution": lambda: GatedConv1d(3, 8, 2, 1, condition_channels=2),
    "gated feed forward": lambda: GatedFeedForward(4, 7),
    "multiplicative unit": lambda: MultiplicativeUnit(3),
    "lstm": lambda: Recurrent("lstm", 3, 5, num_layers=2),
    "gru": lambda: Recurrent("gru", 3, 5),
}


@pytest.mark.parametrize("name", LAYERS)
def test_names_are_of_weights_that_divide(name: str) -> None:
    layer = LAYERS[name]()
    weights = dict(layer.named_parameters())
    assert layer.stacked
    for weight, count in layer.stacked.items():
        assert count > 1 and len(weights[weight]) % count == 0
