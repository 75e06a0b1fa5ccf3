"""Symbols are checked before they are decoded, and scaled about zero."""

import numpy as np
import pytest
import torch

from tests.refusals import refuses
from undertow.alphabets.checks import centred, checked_symbols
from undertow.errors import DataError


@pytest.mark.parametrize(("symbols", "named"), [([0, 5], 5), ([-1], -1), ([0.5], "float64"), ([True], "bool")])
def test_what_is_no_symbol_is_refused(symbols: list[float], named: object) -> None:
    with refuses(DataError, named):
        checked_symbols(np.array(symbols), 5)


def test_symbols_of_any_integer_type_are_int64() -> None:
    assert checked_symbols(np.array([0, 4], dtype=np.uint8), 5).dtype == np.int64


def test_scalars_reach_from_minus_one_to_one_and_the_start_is_zero() -> None:
    assert centred(torch.arange(6), 5).tolist() == [-1, -0.5, 0, 0.5, 1, 0]
    assert centred(torch.arange(2), 1).tolist() == [-1, 0]
