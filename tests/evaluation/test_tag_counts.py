"""F1 as conlleval and seqeval compute it, and boundaries within a collar."""

import json
from pathlib import Path

import numpy as np
import pytest

from undertow.evaluation.tag_counts import Found, boundaries, chunk_tally, matched

CASES = json.loads((Path(__file__).parent / "reference/seqeval.json").read_text())  # by make_seqeval.py beside it


@pytest.mark.parametrize("scheme", ["iob2", "iobes"])
def test_seqeval_counts_the_same(scheme: str) -> None:
    case = CASES[scheme]
    every: dict[str, Found] = {}
    strict = Found()
    for true, said in zip(case["true"], case["said"], strict=True):
        for kind, found in chunk_tally(true.split(), said.split()).items():
            every[kind] = every.get(kind, Found()) + found
        for found in chunk_tally(true.split(), said.split(), scheme).values():  # type: ignore[arg-type]
            strict += found
    assert sum(every.values(), Found()).f1 == pytest.approx(case["f1"], abs=1e-12)
    assert strict.f1 == pytest.approx(case["f1-strict"], abs=1e-12)
    for kind, expected in case["kinds"].items():
        assert [every[kind].precision, every[kind].recall, every[kind].f1] == pytest.approx(expected, abs=1e-12)


def test_nothing_found() -> None:
    assert Found().f1 == Found(3, 0, 0).precision == Found(0, 2, 0).recall == 0.0


def test_boundaries_within_a_collar() -> None:
    labels, told = np.array([1, 1, 2, 2, -1, 3, 4]), np.array([1, 1, 1, 1, 0, 1, 1], bool)
    assert boundaries(labels, told).tolist() == [2, 6]
    assert matched([10, 20, 30], [12, 18, 19], 2) == 2 and matched([10, 20, 30], [12, 18, 19], 1) == 1
    assert matched([10, 11], [11], 2) == 1 and matched([], [1], 2) == 0


def test_matching_is_the_best_there_is() -> None:
    from scipy.optimize import linear_sum_assignment

    random = np.random.default_rng(0)
    for _ in range(30):
        true, found = (np.sort(random.integers(0, 60, 12)) for _ in range(2))
        near = np.abs(true[:, None] - found) <= 2
        assert matched(true.tolist(), found.tolist(), 2) == near[linear_sum_assignment(-near.astype(int))].sum()
