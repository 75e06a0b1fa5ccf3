"""The two synthetic tasks are those of the paper's public code: inputs, targets, and what a guess costs."""

import numpy as np
import pytest

from tests.refusals import refuses
from undertow.data.batches import CropBatches
from undertow.data.memory_tasks import adding_problem, copy_memory
from undertow.errors import UsageError


def test_adding_problem():
    sequences = adding_problem("train", length=50, num=2000)
    inputs, sums = np.stack(sequences.sequences), sequences.labels["sum"]
    assert inputs.shape == (2000, 50, 2) and inputs.dtype == sums.dtype == np.float32
    values, marks = inputs[..., 0], inputs[..., 1]
    assert set(np.unique(marks)) == {0, 1} and (marks.sum(1) == 2).all()
    assert 0 <= values.min() and values.max() < 1 and abs(values.mean() - 0.5) < 0.01
    np.testing.assert_array_equal((values * marks).sum(1), sums)
    assert abs(np.square(sums - 1).mean() - 1 / 6) < 0.02
    places = np.nonzero(marks)[1].reshape(-1, 2)
    assert set(places.ravel().tolist()) == set(range(50))
    assert abs((places < 25).all(1).mean() - 0.245) < 0.05  # both marks may lie in one half


def test_copy_memory():
    sequences = copy_memory("test", num_blanks=7, num=500)
    inputs, targets = np.stack(sequences.sequences), np.stack(sequences.labels["target"])
    assert inputs.shape == targets.shape == (500, 27) and inputs.dtype == np.uint8
    assert set(np.unique(inputs[:, :10])) == set(range(1, 9))
    assert (inputs[:, 10:16] == 0).all() and (inputs[:, 16:] == 9).all()
    assert (targets[:, :17] == 0).all() and (targets[:, 17:] == inputs[:, :10]).all()
    batch = CropBatches(sequences, 3, None, 0, seed=0).batch(0)
    assert batch.labels["target"].shape == batch.symbols.shape == (3, 27) and batch.counted.all()


@pytest.mark.parametrize("make", [adding_problem, copy_memory])
def test_splits_and_seeds_differ_and_sizes_are_the_paper_s(make):
    def first(*arguments, **settings):
        return make(*arguments, num=3, **settings).sequences[0].tolist()

    assert first("train") == first("train") != first("validation") != first("test")
    assert first("train") != first("train", seed=1)
    assert len(make("train", 2)) == (50_000 if make is adding_problem else 10_000) and len(make("test", 2)) == 1000


def test_refusals():
    with refuses(UsageError, "split 'dev'"):
        adding_problem("dev")
    with refuses(UsageError, "length 1", "two"):
        adding_problem("train", 1)
    with refuses(UsageError, "num_blanks 0"):
        copy_memory("train", 0)
    for settings in ({"num": 0}, {"seed": -1}):
        with refuses(UsageError, "at least 1", "seeds"):
            copy_memory("train", **settings)
