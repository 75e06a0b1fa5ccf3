"""μ-law against its formula, in exact arithmetic where it matters."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from undertow.alphabets import MuLaw


def mu_law(num_levels=256):
    return MuLaw(MuLaw.Config(num_levels=num_levels))


def companded(x, mu):
    return math.copysign(math.log(1 + mu * abs(x)) / math.log(1 + mu), x)


@pytest.mark.parametrize("num_levels", [2, 16, 256, 1024])
def test_encode_is_the_formula(num_levels):
    mu = num_levels - 1
    wave = np.random.default_rng(0).uniform(-1, 1, 2000)
    expected = [math.floor((companded(x, mu) + 1) / 2 * mu + 0.5) for x in wave]
    np.testing.assert_array_equal(mu_law(num_levels).encode(wave), expected)


@pytest.mark.parametrize("num_levels", [2, 16, 256, 1024])
def test_decode_is_the_inverse(num_levels):
    mu = num_levels - 1
    levels = [2 * q / mu - 1 for q in range(num_levels)]
    expected = [math.copysign(((1 + mu) ** abs(y) - 1) / mu, y) for y in levels]
    np.testing.assert_allclose(mu_law(num_levels).decode(np.arange(num_levels)), expected, rtol=1e-6, atol=1e-12)


def test_ends_and_middle():
    alphabet = mu_law()
    np.testing.assert_array_equal(alphabet.encode(np.array([-1.0, 1.0])), [0, 255])
    np.testing.assert_array_equal(alphabet.decode(np.array([0, 255])), np.float32([-1, 1]))
    np.testing.assert_allclose(alphabet.decode(np.array([127, 128])), [-8.621e-5, 8.621e-5], rtol=1e-3)
    assert alphabet.encode(np.array([0.0]))[0] == 128  # no level at zero: it goes up


def test_end_bins_are_half_as_wide():
    axis = np.linspace(-1, 1, 510001)
    wave = np.sign(axis) * np.expm1(np.abs(axis) * np.log(256)) / 255
    counts = np.bincount(mu_law().encode(wave), minlength=256)
    np.testing.assert_allclose(counts[[0, -1]], 1000, atol=2)
    np.testing.assert_allclose(counts[1:-1], 2000, atol=2)


@given(st.integers(2, 70000), st.floats(-1, 1))
def test_round_trip_stays_within_the_bin(num_levels, x):
    alphabet, mu = mu_law(num_levels), num_levels - 1
    real = float(alphabet.decode(alphabet.encode(np.array([x])))[0])
    assert abs(companded(real, mu) - companded(x, mu)) <= (1 + 1e-3) / mu


@given(st.integers(2, 2**24), st.floats(0, 1, exclude_max=True))
def test_every_symbol_of_any_alphabet_comes_back(num_levels, where):
    alphabet, symbol = mu_law(num_levels), np.array([0, int(where * num_levels), num_levels - 1])
    np.testing.assert_array_equal(alphabet.encode(alphabet.decode(symbol)), symbol)
