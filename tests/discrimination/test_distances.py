"""Distances of sounds: the engine and numpy with the same bits, and both as the definition says."""

import math

import numpy as np
import pytest

from tests.discrimination import reference
from tests.discrimination.small import sounds
from undertow.callbacks import silent
from undertow.discrimination.distances import DISTANCES, Warped, arc_cosine
from undertow.native import why_missing


@pytest.mark.parametrize("kind", DISTANCES)
def test_numpy_and_the_engine_have_the_same_bits(kind: str, monkeypatch) -> None:
    made = [np.array(one.frames) for one in sounds(kind, 1, 24)]
    rows, columns = range(12), range(12, 24)
    monkeypatch.setattr("undertow.discrimination.distances.why_missing", lambda: "it was not built")
    monkeypatch.setattr("undertow.discrimination.distances.ROOM", 100)  # several parts
    said: list[str] = []
    by_numpy = Warped(made, kind, said.append)
    assert len(said) == 1 and "it was not built" in said[0] and "numpy" in said[0]
    found, own = by_numpy.between(rows, columns), by_numpy.between(rows, rows)
    for i in rows:
        for j in columns:
            right = reference.distance(kind, made[i].tolist(), made[j].tolist())
            assert found[i, j - 12] == pytest.approx(right, abs=1e-7)  # of an angle near 0 half the digits are left
    assert np.array_equal(own, own.T) and not own.diagonal().any()
    if why_missing() is None:
        monkeypatch.undo()
        engine = Warped(made, kind, silent)
        assert np.array_equal(engine.between(rows, columns), found) and np.array_equal(engine.between(rows, rows), own)


def test_the_arc_cosine() -> None:
    x = np.linspace(-1, 1, 10_001)
    assert max(abs(arc_cosine(x) - [math.acos(one) for one in x])) < 5e-16 and arc_cosine(np.ones(1)) == 0
