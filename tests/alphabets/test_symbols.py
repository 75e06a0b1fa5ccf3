"""Plain symbols stand for themselves."""

import numpy as np
import pytest
import torch

from undertow.alphabets import Symbols
from undertow.config import parse
from undertow.errors import DataError, UsageError


def symbols(num_symbols=10):
    return Symbols(Symbols.Config(num_symbols=num_symbols))


def test_they_are_what_they_are():
    every = np.arange(10, dtype=np.uint8)
    assert symbols().encode(every).dtype == np.int64
    np.testing.assert_array_equal(symbols().encode(every), every)
    np.testing.assert_array_equal(symbols().decode(symbols().encode(every)), every)
    assert (symbols().start_symbol, symbols().unit, symbols().real) == (10, "step", "symbols")


def test_to_scalar_spans_0_to_1():
    scalar = symbols().to_scalar(torch.arange(11))
    torch.testing.assert_close(scalar[:-1], torch.linspace(0, 1, 10))
    assert scalar[-1] == 0.0 and scalar.dtype == torch.get_default_dtype()


def test_refusals():
    with pytest.raises(DataError, match="10.*9"):
        symbols().encode(np.array([10]))
    with pytest.raises(DataError, match="float64"):
        symbols().encode(np.zeros(3))
    with pytest.raises(UsageError, match="num_symbols"):
        parse(Symbols.Config, {"num_symbols": 1})
    with pytest.raises(UsageError, match="num_symbols"):
        Symbols(parse(Symbols.Config, {}))
