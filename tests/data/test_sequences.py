"""Crops of sequences hold the sequence's own symbols, count each step once an epoch, and depend on seed and step."""

import tracemalloc

import numpy as np
import pytest
import torch

from tests.data.numbered import counted_symbols, numbered
from tests.refusals import refuses
from undertow.data.batches import CropBatches, batches_in_order, random_windows
from undertow.data.sequences import SequenceSet
from undertow.errors import DataError, UsageError


@pytest.mark.parametrize("crop_steps", [None, 1, 30, 5000])
def test_each_step_is_counted_once_an_epoch_after_its_context(crop_steps):
    sequences = numbered(100, 70, 12, 99, 1, 30)
    batches = CropBatches(sequences, 1, crop_steps, context_steps=8, seed=3)
    times = batches.order.pool_batches  # whole pools and whole epochs
    counts = np.bincount(counted_symbols(map(batches.batch, range(times * len(batches.crops)))))
    assert counts[1:].tolist() == [times] * sequences.num_symbols and counts[0] == 0
    starts = {1, 101, 171, 183, 282, 283}
    for step in range(len(batches.crops)):
        batch = batches.batch(step)
        symbols, counted = batch.symbols[0], batch.counted[0]
        assert batch.symbols.dtype == torch.int64 and batch.continues is None
        assert (symbols.diff() == 1).all()  # one row: no padding
        context = int(counted.int().argmax())
        assert counted[context:].all() and (context == 8 or int(symbols[0]) in starts)


def test_crops_keep_slow_clocks_in_phase():
    batches = CropBatches(numbered(1000), 4, 90, 7, seed=0, period=16)
    held_out = batches_in_order(numbered(1000), 4, 90, 7, period=16)
    for batch in [*map(batches.batch, range(9)), *held_out]:
        places = batch.symbols[:, 0] - 1  # of what is seen first
        starts = places + batch.counted.int().argmax(1)
        assert (places % 16 == 0).all() and (starts % 16 == 0).all() and batch.counted.sum(1).max() <= 96


def test_rows_are_padded_to_the_longest_of_the_batch_and_no_further():
    (batch,) = batches_in_order(numbered(5, 9, 7), 3)
    assert batch.symbols.shape == (3, 9) and batch.counted.sum(1).tolist() == [9, 7, 5]
    assert (batch.symbols[~batch.counted] == 0).all() and batch.names == ("1", "2", "0")


def test_ranks_share_one_batch_and_a_step_is_a_function_of_seed_and_step():
    sequences = numbered(*range(50, 90))
    whole = CropBatches(sequences, 6, 20, 4, seed=5)
    parts = [CropBatches(sequences, 2, 20, 4, 5, rank, 3) for rank in range(3)]
    for step in (7, 2, 0, 40):
        assert sum((part.batch(step).names for part in parts), ()) == whole.batch(step).names
    assert [CropBatches(sequences, 6, 20, 4, seed=6).batch(0).names] != [whole.batch(0).names]


def test_in_order_counts_each_step_once():
    sequences = numbered(100, 70, 12, 99, 1, 30)
    batches = list(batches_in_order(sequences, 2, 25, 10, period=5))
    assert sorted(counted_symbols(batches)) == list(range(1, sequences.num_symbols + 1))
    assert max(batch.symbols.shape[1] for batch in batches) == 35


def test_labels_of_sequences_and_of_steps_go_with_them():
    steps = [np.arange(n, dtype=np.int8) for n in (10, 4)]
    labels = {"digit": np.array([7, 3], np.uint8), "sum": np.array([0.5, 1.5]), "target": steps}
    batches = CropBatches(numbered(10, 4, labels=labels, names=["a", "b"]), 2, 6, 2, seed=0)
    for step in range(9):
        batch = batches.batch(step)
        assert batch.labels["digit"].dtype == batch.labels["target"].dtype == torch.int64
        assert batch.labels["sum"].dtype == torch.float32
        for row, name in enumerate(batch.names):
            is_b = name.startswith("b")
            assert int(batch.labels["digit"][row]) == (3 if is_b else 7)
            assert float(batch.labels["sum"][row]) == (1.5 if is_b else 0.5)
            real = batch.symbols[row] > 0
            right = batch.symbols[row] - (11 if is_b else 1)
            assert (batch.labels["target"][row] == torch.where(real, right, 0)).all()


def test_vectors_and_real_numbers():
    notes = SequenceSet([np.ones((5, 88), np.uint8), np.ones((3, 88), np.uint8)])
    (batch,) = batches_in_order(notes, 4)
    assert batch.symbols.dtype == torch.int64 and batch.symbols.shape == (2, 5, 88)
    assert batch.counted.shape == (2, 5) and batch.symbols[1, 3:].sum() == 0
    (batch,) = batches_in_order(SequenceSet([np.full((4, 2), 0.5)]), 4)
    assert batch.symbols.dtype == torch.float32 and (batch.symbols == 0.5).all()


def test_a_hundred_million_symbols_are_neither_copied_nor_listed():
    """The symbols take no memory here: whatever is allocated is ours."""
    sequences = SequenceSet([np.broadcast_to(np.uint8(1), 10**8)])
    tracemalloc.start()
    try:
        batch = next(random_windows(sequences, 1000, 64, 1, 0, 12))
        assert batch.symbols.shape == (12, 65) and tracemalloc.get_traced_memory()[1] < 1e6
        batches = CropBatches(sequences, 12, 640, 63, seed=0)
        assert batches.batch(5).symbols.shape == (12, 703)
        assert tracemalloc.get_traced_memory()[1] < 160 * len(batches.crops)
    finally:
        tracemalloc.stop()


def test_random_windows():
    sequences = numbered(10, 3, 30)
    batches = list(random_windows(sequences, 500, 5, 2, seed=1, batch_size=64))
    assert [len(batch.names) for batch in batches] == [64] * 7 + [52]
    symbols = torch.cat([batch.symbols for batch in batches])
    assert symbols.shape == (500, 7) and (symbols.diff() == 1).all()
    assert all(batch.counted.sum(0).tolist() == [0, 0] + [len(batch.names)] * 5 for batch in batches)
    assert set(symbols[:, 0].tolist()) == {*range(1, 5), *range(14, 38)}  # every place a window fits, no other
    again = list(random_windows(sequences, 500, 5, 2, seed=1, batch_size=100))
    assert torch.equal(symbols, torch.cat([batch.symbols for batch in again]))
    others = list(random_windows(sequences, 500, 5, 2, seed=2, batch_size=500))
    assert not torch.equal(symbols, others[0].symbols)


def test_refusals():
    sequences = numbered(10, 20)
    with refuses(DataError, "no sequences"):
        CropBatches(SequenceSet([]), 1, None, 0, 0)
    with refuses(DataError, "'b'", "empty"):
        SequenceSet([np.ones(3, int), np.ones(0, int)], names=["a", "b"])
    with refuses(DataError, "'1'", "(3, 2)", "int64", "(T,)"):
        SequenceSet([np.ones(3, int), np.ones((3, 2), int)])
    with refuses(DataError, "<U1"):
        SequenceSet([np.array(["a"])])
    with refuses(DataError, "1 of 'digit'", "2 sequences"):
        numbered(3, 4, labels={"digit": np.array([1])})
    with refuses(DataError, "'target'", "long"):
        numbered(3, 4, labels={"target": [np.ones(3), np.ones(3)]})
    for sizes in ((0, 10, 0), (1, 0, 0), (1, 10, -1)):
        with refuses(UsageError, *(size for size in sizes if size < 1)):
            CropBatches(sequences, *sizes, 0)
    for seed, rank in ((-1, 0), (0, 1)):
        with refuses(UsageError, "seeds", 0):
            CropBatches(sequences, 1, 10, 0, seed, rank)
    with refuses(DataError, "windows", "15 + 6 steps", 20):
        next(random_windows(sequences, 1, 6, 15, 0, 1))
    with refuses(UsageError, "1 or more"):
        next(random_windows(sequences, 0, 6, 1, 0, 1))
