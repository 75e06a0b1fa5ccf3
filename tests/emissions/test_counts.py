"""The plain definition of integer counts: every symbol has one, and they follow the probabilities."""

import pytest
import torch

from tests.emissions.cases import CASES, Case, extreme, ordinary
from undertow.emissions.counts import integer_counts


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("total_bits", [16, 24])
def test_every_symbol_has_a_count_and_all_are_the_total(case: Case, total_bits: int) -> None:
    params = torch.cat([ordinary(case.emission), extreme(case.emission)])
    counts = integer_counts(case.emission.cdf(params), total_bits)
    assert (counts[:, 0] == 0).all() and (counts[:, -1] == 2**total_bits).all()
    assert (counts.diff(dim=-1) >= 1).all()


def test_counts_follow_probabilities() -> None:
    cdf = torch.tensor([0, 0.25, 0.25, 1], dtype=torch.float64)
    assert integer_counts(cdf, 16).tolist() == [0, 1 + (2**16 - 3) // 4, 2 + (2**16 - 3) // 4, 2**16]
