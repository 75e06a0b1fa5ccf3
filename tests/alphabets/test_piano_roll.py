"""Piano rolls: 88 keys a step, on or off."""

import numpy as np
import pytest
import torch

from tests.refusals import refuses
from undertow.alphabets import PianoRoll
from undertow.errors import DataError

ROLL = np.random.default_rng(0).integers(0, 2, (5, 88))


def roll():
    return PianoRoll(PianoRoll.Config())


@pytest.mark.parametrize("kind", [np.uint8, np.bool_, np.float64, np.int64])
def test_zeros_and_ones_of_any_type(kind):
    symbols = roll().encode(ROLL.astype(kind))
    assert symbols.dtype == np.int64 and roll().decode(symbols).dtype == np.uint8
    np.testing.assert_array_equal(symbols, ROLL)
    np.testing.assert_array_equal(roll().decode(symbols), ROLL)


def test_a_step_is_88_symbols_of_two():
    assert (roll().num_symbols, roll().num_elements, roll().start_symbol, roll().real) == (2, 88, 2, "notes")
    scalar = roll().to_scalar(torch.tensor([0, 1, roll().start_symbol]))
    torch.testing.assert_close(scalar, torch.tensor([0.0, 1.0, 0.0]))


def test_refusals():
    with refuses(DataError, "(88, 5)", "(T, 88)"):
        roll().encode(ROLL.T)
    with refuses(DataError, "2 at step 0, key", "0 and 1"):
        roll().encode(ROLL * 2)
    with refuses(DataError, "nan at step"):
        roll().encode(np.where(ROLL == 1, np.nan, 0.0))
    with refuses(DataError, "symbol 2"):
        roll().decode(ROLL * 2)
    with refuses(DataError, "(87,)", "piano roll"):
        roll().decode(np.zeros(87, np.int64))
