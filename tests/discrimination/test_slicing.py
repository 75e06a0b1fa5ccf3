"""The frames of an item: those whose middles are within it, by exact fractions."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from tests.refusals import refuses
from undertow.discrimination.items import Item
from undertow.discrimination.slicing import check_filled, cut, exact, span
from undertow.errors import DataError


def item(onset: str, offset: str) -> Item:
    return Item("f", Decimal(onset), Decimal(offset), "a", "b", "c", "s", 2)


@pytest.mark.parametrize("rate", [Fraction(50), Fraction(100), exact(22050 / 256), exact(16_000 / 3)])
def test_they_are_those_whose_middles_are_within(rate: Fraction) -> None:
    draw = np.random.default_rng(0)
    for _ in range(50):
        onset, offset = sorted(Decimal(int(n)) / 10_000 for n in draw.integers(0, 9000, 2))
        middles = [Fraction(2 * i + 1, 2) / rate for i in range(5000) if Fraction(i) / rate < 1]
        right = [i for i, middle in enumerate(middles) if Fraction(onset) <= middle <= Fraction(offset)]
        first, stop = span(item(str(onset), str(offset)), rate)
        assert list(range(first, stop)) == right


def test_both_ends_count_exactly() -> None:
    assert span(item("0.01", "0.03"), Fraction(50)) == (0, 2)  # 0.03 · 50 - ½ is 1, and not a little less
    assert span(item("0.29", "0.57"), Fraction(50)) == (14, 29) and exact(50.0) == 50
    assert span(item("0.29", "0.57"), Fraction(50), libri_light=True) == (14, 28)
    assert span(item("0.0101", "0.0299"), Fraction(50)) == (1, 1)


def test_empty_items_and_those_behind_the_end_are_refused() -> None:
    items = [item("0.011", "0.029"), item("0", "0.5")]
    with refuses(DataError, "x.item", "1 item of 2", "line 2", "0.011 to 0.029 s"):
        check_filled(items, Fraction(50), False, "x.item")
    check_filled(items[1:], Fraction(50), False, "x.item")
    with refuses(DataError, "x.item, line 2", "0.5 s", "21 frames", "0.420 s"):
        cut(np.zeros((21, 1)), items[1:], Fraction(50), False, "x.item")
    with refuses(DataError, "x.item, line 2", "0.50 s"):
        cut(np.zeros((24, 1)), [item("0.48", "0.50")], Fraction(50), False, "x.item")
    for num_frames, num_short in ((25, 0), (22, 1)):
        parts, short = cut(np.zeros((num_frames, 1)), items[1:], Fraction(50), False, "x.item")
        assert len(parts[0]) == num_frames and short == num_short
