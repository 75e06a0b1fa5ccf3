"""Linear PCM: every integer a sound file can hold survives exactly."""

import numpy as np
import pytest

from undertow.alphabets import LinearPCM


@pytest.mark.parametrize(("bits", "dtype"), [(8, np.int8), (16, np.int16)])
def test_every_sample_value_survives(bits, dtype):
    alphabet, half = LinearPCM(LinearPCM.Config(bits=bits)), 2 ** (bits - 1)
    samples = np.arange(-half, half).astype(dtype)
    symbols = alphabet.encode(samples.astype(np.float32) / half)
    np.testing.assert_array_equal(symbols, samples.astype(np.int64) + half)
    np.testing.assert_array_equal((alphabet.decode(symbols) * half).astype(dtype), samples)


@pytest.mark.parametrize("bits", [8, 16])
def test_round_trip_stays_within_half_a_step(bits):
    alphabet, half = LinearPCM(LinearPCM.Config(bits=bits)), 2 ** (bits - 1)
    wave = np.random.default_rng(0).uniform(-1, 1 - 1 / half, 10000)
    assert np.abs(alphabet.decode(alphabet.encode(wave)) - wave).max() <= 0.5 / half + 1e-7


def test_silence_is_the_middle():
    assert LinearPCM(LinearPCM.Config()).encode(np.zeros(1))[0] == 32768
