"""Mixtures of logistics: how narrow and how wide a component is."""

import math

import torch

from undertow.emissions import MixtureOfLogistics


def test_the_floor_of_the_scale_lets_one_symbol_be_nearly_certain():
    emission = MixtureOfLogistics(MixtureOfLogistics.Config(num_components=1, scale_margin=3.0), 65536)
    centre = (2 * 40000 + 1) / 65536 - 1
    params = torch.tensor([[0.0, centre, -1e3]], dtype=torch.float64)
    assert 0.9999 <= emission.log_prob(params, torch.tensor([40000])).exp().item() <= 1


def test_a_raw_scale_of_zero_is_the_initial_scale():
    emission = MixtureOfLogistics(MixtureOfLogistics.Config(num_components=1, initial_scale=0.25), 65536)
    upper = emission.cdf(torch.zeros(1, 3, dtype=torch.float64))[0]
    assert abs(upper[32768].item() - 0.5) < 1e-12
    assert abs(upper[32768 + 8192].item() - 1 / (1 + math.exp(-1))) < 1e-6  # one scale above the mean
