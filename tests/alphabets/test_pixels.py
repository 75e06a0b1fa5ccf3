"""Pixels: bytes of a picture as levels."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.refusals import refuses
from undertow.alphabets import Pixels
from undertow.config import parse, to_dict
from undertow.errors import DataError, UsageError


def pixels(num_levels=256):
    return Pixels(Pixels.Config(num_levels=num_levels))


def test_with_256_levels_bytes_are_symbols():
    every = np.arange(256, dtype=np.uint8).reshape(16, 16)
    symbols = pixels().encode(every)
    assert symbols.dtype == np.int64 and pixels().start_symbol == 256
    np.testing.assert_array_equal(symbols, every)
    np.testing.assert_array_equal(pixels().decode(symbols), every)


def test_two_levels_are_black_and_white():
    np.testing.assert_array_equal(pixels(2).encode(np.uint8([0, 127, 128, 255])), [0, 0, 1, 1])
    np.testing.assert_array_equal(pixels(2).decode(np.array([0, 1])), [0, 255])


@given(st.integers(2, 256))
def test_symbols_come_back_and_bytes_stay_near(num_levels):
    alphabet, every = pixels(num_levels), np.arange(256, dtype=np.uint8)
    levels = np.arange(num_levels)
    decoded = alphabet.decode(levels)
    assert decoded.dtype == np.uint8 and decoded[0] == 0 and decoded[-1] == 255
    np.testing.assert_array_equal(alphabet.encode(decoded), levels)
    error = np.abs(alphabet.decode(alphabet.encode(every)).astype(int) - every)
    assert error.max() <= 127.5 / (num_levels - 1) + 0.5


@pytest.mark.parametrize("num_levels", [2, 16, 256])
def test_to_scalar_is_brightness(num_levels):
    scalar = pixels(num_levels).to_scalar(torch.arange(num_levels + 1))
    torch.testing.assert_close(scalar[:-1], torch.linspace(0, 1, num_levels))
    assert scalar[-1] == 0.0 and scalar.dtype == torch.get_default_dtype()


def test_refusals():
    with refuses(DataError, "float64", "uint8"):
        pixels().encode(np.zeros(3))
    with refuses(DataError, "symbol 16"):
        pixels(16).decode(np.array([16]))
    with refuses(UsageError, "num_levels"):
        parse(Pixels.Config, {"num_levels": 257})


def test_an_image_has_a_shape():
    assert pixels().shape is None and pixels().num_elements is None
    grey, colour = (Pixels(parse(Pixels.Config, {"shape": [4, 6, channels]})) for channels in (1, 3))
    assert (grey.shape, grey.num_elements) == ((4, 6, 1), None)
    assert (colour.shape, colour.num_elements) == ((4, 6, 3), 3)
    assert parse(Pixels.Config, to_dict(grey.config)) == grey.config
    for wrong in ([4, 6], [4, 6, 2], [0, 6, 1]):
        with pytest.raises(UsageError, match="shape"):
            parse(Pixels.Config, {"shape": wrong})
