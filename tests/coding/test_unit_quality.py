"""The quality of units, beside the definitions written out slowly."""

import math
from dataclasses import astuple

import numpy as np
import pytest

from undertow.coding.coders import Plain
from undertow.coding.unit_quality import purity, rates, usage


def slow(units: list, phones: list) -> tuple[float, float, float]:
    """Phone purity, cluster purity and PNMI, one pair after another."""
    count = len(units)
    pairs = list(zip(units, phones, strict=True))
    of_unit = {u: max(pairs.count((u, p)) for p in set(phones)) for u in set(units)}
    of_phone = {p: max(pairs.count((u, p)) for u in set(units)) for p in set(phones)}
    mutual = sum(
        pairs.count((u, p)) / count * math.log(pairs.count((u, p)) * count / units.count(u) / phones.count(p))
        for u, p in set(pairs)
    )
    told = -sum(phones.count(p) / count * math.log(phones.count(p) / count) for p in set(phones))
    return sum(of_unit.values()) / count, sum(of_phone.values()) / count, mutual / told


def test_purities_are_the_definitions():
    chance = np.random.default_rng(0)
    phones = chance.integers(0, 5, 200)
    units = np.where(chance.random(200) < 0.6, phones * 7, chance.integers(0, 40, 200))
    found = purity(units, phones)
    assert (found.phone_purity, found.cluster_purity, found.pnmi) == pytest.approx(
        slow(units.tolist(), phones.tolist())
    )
    assert (found.num_frames, found.num_labels) == (200, 5)
    two = np.stack([units % 3, units // 3], axis=1)
    assert astuple(purity(two, phones)) == pytest.approx(astuple(found))  # a unit of two codes is one unit
    same = purity(phones, phones)
    assert (same.phone_purity, same.cluster_purity, same.pnmi) == pytest.approx((1, 1, 1))
    assert purity(units, np.zeros(200, int)).pnmi == 0


def test_rates_and_usage_of_a_small_set():
    recordings = [np.array([[0], [0], [0], [1]]), np.array([[1], [1], [2], [2]])]
    found = rates(recordings, 2.0, 4.0, Plain((4,)))
    assert found.fixed == 8 * 2 / 2 and found.coded == pytest.approx(8) and found.coder == "plain"
    assert found.deduplicated == pytest.approx(4 * 1.5 / 2)  # runs 0, 1, 1, 2
    assert found.durations == pytest.approx(4 * 1.5 / 2)  # of 3, 1, 2 and 2 frames
    used = usage(recordings, (4,))
    entropy = -sum(share * math.log2(share) for share in (3 / 8, 3 / 8, 2 / 8))
    assert used.perplexity == pytest.approx(2**entropy)
    assert (used.active, used.num_units, used.active_of_groups) == (3, 4, (3,))
