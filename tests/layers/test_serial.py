"""Layers one after another: the receptive field, the rate and the delay of all, and the state of each."""

from fractions import Fraction
from pathlib import Path

import torch

from tests.contract import check_layer
from undertow.layers import CausalConv1d, CausalSelfAttention, Framed, Repeat, Serial


def test_contract(tmp_path: Path) -> None:
    torch.manual_seed(1)
    layer = Serial(CausalConv1d(3, 4, 2), CausalConv1d(4, 4, 3, dilation=2), CausalConv1d(4, 2))
    check_layer(layer, torch.randn(3, 33, 3).double(), tmp_path)
    assert layer.receptive_field == 1 + 1 + 4
    assert list(layer.init_state(1)["layers"]) == ["0", "1", "2"]


def test_rates_multiply_and_delays_are_in_steps_of_the_last() -> None:
    layer = Serial(Framed(CausalConv1d(12, 8), 4, 3, 2), Repeat(3))
    assert layer.ratio == Fraction(3)
    assert layer.delay == 3 * 3
    assert layer(torch.randn(1, 5, 3)).shape == (1, 15, 2)


def test_one_layer_without_an_end_has_all_without() -> None:
    assert Serial(CausalConv1d(4, 4, 2), CausalSelfAttention(4, 2, 9)).receptive_field is None
