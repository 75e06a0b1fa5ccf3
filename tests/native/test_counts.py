"""The engine's integer counts beside their plain definition, and what they refuse."""

import numpy as np
import pytest
import torch

from tests.emissions.cases import CASES, Case, extreme, ordinary
from tests.refusals import refuses
from undertow.emissions import Categorical
from undertow.emissions.counts import integer_counts
from undertow.errors import DataError, UsageError
from undertow.native import Counter

pytestmark = pytest.mark.native
COUNTED = [case for case in CASES if case.num_elements is None]


@pytest.mark.parametrize("case", COUNTED, ids=lambda case: case.name)
@pytest.mark.parametrize("total_bits", [16, 24])
def test_counts_are_the_definitions(case: Case, total_bits: int) -> None:
    """Or next to them where the last bits of the functions decide, near a whole number."""
    params = torch.cat([ordinary(case.emission, dtype=torch.float32), extreme(case.emission, dtype=torch.float32)])
    cdf = case.emission.cdf(params)
    expected = integer_counts(cdf, total_bits).numpy()
    difference = Counter(case.emission, total_bits).cumulative(params.numpy()).astype(np.int64) - expected
    share = cdf.numpy() * (2**total_bits - case.num_symbols)
    assert np.abs(difference).max() <= 1 and (np.abs(share - share.round())[difference != 0] < 1e-6).all()


@pytest.mark.parametrize("case", COUNTED, ids=lambda case: case.name)
def test_a_count_finds_its_symbol(case: Case) -> None:
    params = ordinary(case.emission, 8, torch.float32).numpy()
    counter = Counter(case.emission, 24)
    symbols = np.random.default_rng(0).integers(0, case.num_symbols, len(params))
    intervals = counter.intervals(params, symbols)
    below = counter.cumulative(params)
    np.testing.assert_array_equal(intervals[:, 0], below[np.arange(8), symbols])
    for counts in (intervals[:, 0].copy(), intervals[:, 1] - np.uint32(1)):
        found, again = counter.find(params, counts)
        np.testing.assert_array_equal(found, symbols)
        np.testing.assert_array_equal(again, intervals)


def test_totals_too_small_and_too_large_are_refused() -> None:
    for total_bits in (0, 7, 31, -1):
        with refuses(UsageError, "total_bits", str(total_bits), "256", "8", "30"):
            Counter(Categorical(Categorical.Config(), 256), total_bits)


def test_parameters_that_are_not_numbers_are_refused() -> None:
    counter, params = Counter(Categorical(Categorical.Config(), 3), 16), np.zeros((2, 3), dtype=np.float32)
    params[1, 2] = np.nan
    with refuses(DataError, "not numbers"):
        counter.cumulative(params)
    with refuses(DataError, "not numbers"):
        counter.intervals(params, np.zeros(2, dtype=np.int64))
    with refuses(DataError, "not numbers"):
        counter.find(params, np.zeros(2, dtype=np.uint32))


def test_symbols_outside_the_alphabet_are_refused() -> None:
    counter, params = Counter(Categorical(Categorical.Config(), 3), 16), np.zeros((1, 3), dtype=np.float32)
    for symbol in (-1, 3):
        with pytest.raises(ValueError):
            counter.intervals(params, np.array([symbol]))
    with pytest.raises(ValueError):
        counter.find(params, np.array([2**16], dtype=np.uint32))
