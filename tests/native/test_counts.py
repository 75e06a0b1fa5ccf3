"""The engine's integer counts beside their plain definition, and what they refuse."""

import numpy as np
import pytest
import torch

from tests.emissions.cases import CASES, Case, extreme, ordinary
from tests.refusals import refuses
from undertow.emissions import EMISSIONS, Categorical, CoupledLogistics
from undertow.emissions.counts import integer_counts
from undertow.errors import DataError, UsageError
from undertow.native import Counter

pytestmark = pytest.mark.native
PIXELS = Case(CoupledLogistics.Config(num_components=10), 256, num_elements=3)
COUNTED = [*(case for case in CASES if case.config.kind in EMISSIONS), PIXELS]


def random_symbols(case: Case, number: int) -> np.ndarray:
    """(B,), or (B, E)."""
    shape = (number,) if case.num_elements is None else (number, case.num_elements)
    return np.random.default_rng(0).integers(0, case.num_symbols, shape)


@pytest.mark.parametrize("case", COUNTED, ids=lambda case: case.name)
@pytest.mark.parametrize("total_bits", [16, 24])
def test_counts_are_the_definitions(case: Case, total_bits: int) -> None:
    """Or next to them where the last bits of the functions decide, near a whole number."""
    params = torch.cat([ordinary(case.emission, dtype=torch.float32), extreme(case.emission, dtype=torch.float32)])
    symbols = random_symbols(case, len(params))
    found = Counter(case.emission, total_bits).cumulative(params.numpy(), symbols)
    elements, each = symbols.reshape(len(params), -1), found.reshape(len(params), -1, case.num_symbols + 1)
    for element in range(elements.shape[1]):
        cdf = case.emission.cdf(params, torch.from_numpy(elements[:, :element]))
        expected = integer_counts(cdf, total_bits).numpy()
        difference = each[:, element].astype(np.int64) - expected
        share = cdf.numpy() * (2**total_bits - case.num_symbols)
        assert np.abs(difference).max() <= 1 and (np.abs(share - share.round())[difference != 0] < 1e-6).all()


@pytest.mark.parametrize("case", COUNTED, ids=lambda case: case.name)
def test_a_count_finds_its_symbol(case: Case) -> None:
    """Of vectors, element by element."""
    params = ordinary(case.emission, 8, torch.float32).numpy()
    counter, symbols = Counter(case.emission, 24), random_symbols(case, 8)
    intervals, below = counter.intervals(params, symbols), counter.cumulative(params, symbols)
    np.testing.assert_array_equal(intervals[..., 0], np.take_along_axis(below, symbols[..., None], -1)[..., 0])
    np.testing.assert_array_equal(counter.intervals(params, np.repeat(symbols, 2, axis=0)[::2]), intervals)
    each, elements = intervals.reshape(8, -1, 2), symbols.reshape(8, -1)
    for element in range(elements.shape[1]):
        for counts in (each[:, element, 0].copy(), each[:, element, 1] - np.uint32(1)):
            found, again = counter.find(params, counts, elements[:, :element])
            np.testing.assert_array_equal(found, elements[:, element])
            np.testing.assert_array_equal(again, each[:, element])


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


def test_elements_that_depend_on_those_before_them_need_them() -> None:
    counter, params = Counter(PIXELS.emission, 16), np.zeros((2, 100), dtype=np.float32)
    with pytest.raises(ValueError):
        counter.cumulative(params)
    for known in (np.full((2, 1), 256), np.full((2, 1), -1), np.zeros((1, 1), dtype=np.int64)):
        with pytest.raises(ValueError):
            counter.find(params, np.zeros(2, dtype=np.uint32), known)
    with refuses(UsageError, "known", "3"):
        counter.find(params, np.zeros(2, dtype=np.uint32), np.zeros((2, 3), dtype=np.int64))
