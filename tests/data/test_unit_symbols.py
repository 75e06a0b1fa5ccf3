"""Codes of several groups as one sequence of symbols."""

import numpy as np

from tests.refusals import refuses
from undertow.data.unit_symbols import flattened, separated
from undertow.errors import DataError


def test_groups_follow_each_other_and_come_back():
    codes = np.array([[0, 0, 4], [2, 1, 0]])
    symbols = flattened(codes, (3, 2, 5))
    assert symbols.tolist() == [0, 3, 9, 2, 4, 5]
    assert (separated(symbols, (3, 2, 5)) == codes).all()
    with refuses(DataError, "group"):
        separated(symbols[::-1].copy(), (3, 2, 5))
