"""Numbers: vectors of values, as they are."""

import numpy as np
import torch

from tests.refusals import refuses
from undertow.alphabets import Numbers
from undertow.config import parse
from undertow.errors import DataError, UsageError


def numbers(num_elements=2):
    return Numbers(Numbers.Config(num_elements=num_elements))


def test_values_stay_as_they_are():
    values = np.array([[0.25, 1.0], [0.5, 0.0]])
    encoded = numbers().encode(values)
    assert encoded.dtype == np.float32
    np.testing.assert_array_equal(encoded, values)
    np.testing.assert_array_equal(numbers().decode(encoded), encoded)
    scalar = numbers().to_scalar(torch.tensor(values))
    assert scalar.dtype == torch.get_default_dtype() and scalar.shape == (2, 2)


def test_there_are_no_symbols():
    assert (numbers().num_symbols, numbers().num_elements, numbers().start_symbol) == (0, 2, 0)


def test_refusals():
    with refuses(DataError, "(3,)", "(steps, 2)"):
        numbers().encode(np.zeros(3))
    with refuses(DataError, "1 of 4", "infinite"):
        numbers().encode(np.array([[0.0, np.inf], [0, 0]]))
    with refuses(UsageError, "num_elements"):
        parse(Numbers.Config, {"num_elements": 0})
