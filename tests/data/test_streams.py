"""Streams go on where they ended, hold every step once an epoch, and carry no state across a sequence's end."""

import itertools

import numpy as np
import pytest

from tests.data.numbered import counted_symbols, numbered
from tests.refusals import refuses
from undertow.data.streams import StreamBatches
from undertow.errors import UsageError


def rows_of(batches: StreamBatches, epoch: int) -> list[list[list[int]]]:
    """By row of the batch, the counted symbols of each of its chunks in one epoch."""
    found = [batches.batch(epoch * batches.steps_per_epoch + step) for step in range(batches.steps_per_epoch)]
    return [[batch.symbols[row][batch.counted[row]].tolist() for batch in found] for row in range(len(found[0].names))]


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7])
@pytest.mark.parametrize("epoch", [0, 1])
def test_one_sequence_is_dealt_out_in_contiguous_rows(batch_size, epoch):
    rows = rows_of(StreamBatches(numbered(73), batch_size, 5, seed=0), epoch)
    assert [*itertools.chain(*itertools.chain(*rows))] == list(range(1, 74))
    assert max(map(len, rows)) == -(-15 // batch_size)


def test_every_step_of_many_sequences_is_counted_once_an_epoch_in_an_order_of_its_own():
    sequences = numbered(12, 3, 40, 1, 25, 10)
    batches = StreamBatches(sequences, 3, 5, seed=1)
    epochs = [[*itertools.chain(*itertools.chain(*rows_of(batches, epoch)))] for epoch in range(2)]
    for order in epochs:
        assert sorted(order) == list(range(1, sequences.num_symbols + 1))
        firsts = [symbol for symbol in order if symbol in (1, 13, 16, 56, 57, 82)]
        runs = [run for run in np.split(order, np.flatnonzero(np.diff(order) != 1) + 1)]
        assert len(firsts) == 6 and len(runs) <= 6
    assert epochs[0] != epochs[1]


def test_a_row_continues_exactly_where_the_symbol_before_is_that_of_the_batch_before():
    batches = StreamBatches(numbered(12, 3, 40, 1, 25, 10), 3, 5, seed=1)
    before, was_full, seen = [-1] * 3, [False] * 3, set()
    for step in range(3 * batches.steps_per_epoch):
        batch = batches.batch(step)
        for row in range(3):
            symbols = batch.symbols[row][batch.counted[row]].tolist()
            goes_on = bool(symbols) and step % batches.steps_per_epoch > 0 and symbols[0] == before[row] + 1
            goes_on = goes_on and symbols[0] not in (1, 13, 16, 56, 57, 82)
            assert bool(batch.continues[row]) == goes_on
            if goes_on:
                assert was_full[row]  # no padding between
            before[row] = symbols[-1] if symbols else -1
            seen.add(goes_on)
        was_full = batch.counted.all(1).tolist()
    assert seen == {True, False}


def test_a_long_sequence_is_begun_again_with_no_memory_every_64_chunks():
    batches = StreamBatches(numbered(504), 2, 3, seed=0)
    every = [batches.batch(step) for step in range(batches.steps_per_epoch)]
    fresh = [batch.symbols[row, 0].item() for row in range(2) for batch in every if not batch.continues[row]]
    assert fresh == [1, 1 + 64 * 3, 1 + 84 * 3, 1 + 2 * 64 * 3]


def test_ranks_share_one_batch_and_a_step_is_a_function_of_seed_and_step():
    sequences = numbered(12, 3, 40, 1, 25, 10)
    whole = StreamBatches(sequences, 4, 5, seed=2)
    parts = [StreamBatches(sequences, 2, 5, 2, rank, 2) for rank in range(2)]
    for step in (9, 0, 4, whole.steps_per_epoch - 1):
        assert sum((part.batch(step).names for part in parts), ()) == whole.batch(step).names
    assert counted_symbols([whole.batch(7)]) == counted_symbols([StreamBatches(sequences, 4, 5, seed=2).batch(7)])


def test_a_rank_whose_streams_have_ended_still_has_a_batch():
    parts = [StreamBatches(numbered(25), 2, 5, 0, rank, 2) for rank in range(2)]
    assert [part.steps_per_epoch for part in parts] == [2, 2]
    assert [part.batch(1).num_counted for part in parts] == [0, 5]
    assert parts[0].batch(1).symbols.shape == (2, 1) and not parts[0].batch(1).continues.any()


def test_refusals():
    with refuses(UsageError, "73 steps", "2 chunks", "3 streams"):
        StreamBatches(numbered(73), 3, 50, 0)
    with refuses(UsageError, "crop_steps is 0"):
        StreamBatches(numbered(73), 3, 0, 0)
