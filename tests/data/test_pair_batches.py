"""Batches of pairs: each pair once an epoch, of like sizes, a function of seed and step, shared out among ranks."""

import numpy as np
import pytest
import torch

from tests.refusals import refuses
from undertow.data.batches import collate_sources
from undertow.data.pair_batches import PairBatches, collate_pairs, pairs_in_order
from undertow.data.pairs import PairSet
from undertow.errors import DataError, UsageError

SOURCE_END, END = 50, 60


def pairs(number: int = 300, seed: int = 0) -> PairSet:
    random = np.random.default_rng(seed)
    lengths = random.integers(1, 30, number)
    sources = [random.integers(0, SOURCE_END, length).astype(np.uint8) for length in lengths]
    targets = [random.integers(0, END, max(1, length + random.integers(-3, 4))).astype(np.uint8) for length in lengths]
    names = [str(row) for row in range(number)]
    return PairSet(sources, targets, names, source_end=SOURCE_END, target_end=END)


def batches(found: PairSet, tokens: int = 800, seed: int = 0, rank: int = 0, world_size: int = 1) -> PairBatches:
    return PairBatches(found, tokens, seed, rank, world_size)


def size(batch) -> int:
    return batch.symbols.numel() + batch.source.numel()


def test_every_pair_comes_once_an_epoch_in_batches_of_like_sizes():
    source = batches(pairs())
    per_epoch, epochs = source.steps_per_epoch, []
    for epoch in range(3):
        found = [source.batch(epoch * per_epoch + step) for step in range(per_epoch)]
        names = [name for batch in found for name in batch.names]
        assert sorted(names, key=int) == [str(row) for row in range(300)]
        sizes = [size(batch) for batch in found]
        assert 0.5 * 800 < min(sizes) and max(sizes) <= 800 and np.mean(sizes) > 0.75 * 800
        epochs.append([frozenset(batch.names) for batch in found])
    assert epochs[0] != epochs[1] and set(epochs[0]) != set(epochs[1])


def test_little_of_a_batch_is_padding():
    source = batches(pairs(3000), 2000)
    found = [source.batch(step) for step in range(source.steps_per_epoch)]
    real = sum(batch.num_counted + int(batch.source_lengths.sum()) for batch in found)
    assert real > 0.85 * sum(map(size, found))


def test_a_batch_is_a_function_of_seed_and_step():
    first, again, other = batches(pairs()), batches(pairs()), batches(pairs(), seed=1)
    steps = [17, 3, 17, 0]
    for step in steps:
        assert torch.equal(first.batch(step).symbols, again.batch(step).symbols)
    assert [first.batch(step).names for step in range(5)] != [other.batch(step).names for step in range(5)]


def test_a_batch_has_ends_and_padding():
    found = pairs(5)
    batch = collate_pairs(found, range(5))
    for row in range(5):
        length, source_length = int(batch.counted[row].sum()), int(batch.source_lengths[row])
        assert batch.symbols[row, :length].tolist() == [*found.targets[row], END]
        assert batch.source[row, :source_length].tolist() == [*found.sources[row], SOURCE_END]
        assert batch.counted[row, :length].all()
        assert not batch.symbols[row, length:].any() and not batch.source[row, source_length:].any()
    assert batch.symbols.dtype == batch.source.dtype == batch.source_lengths.dtype == torch.int64


@pytest.mark.parametrize("world_size", [2, 4])
def test_ranks_share_a_batch(world_size):
    found = pairs()
    parts = [batches(found, 400, 0, rank, world_size) for rank in range(world_size)]
    assert len({part.steps_per_epoch for part in parts}) == 1
    names = [name for step in range(parts[0].steps_per_epoch) for part in parts for name in part.batch(step).names]
    assert sorted(names, key=int) == [str(row) for row in range(300)]
    sizes = [[size(part.batch(step)) for part in parts] for step in range(parts[0].steps_per_epoch)]
    assert all(max(step) <= 400 and max(step) - min(step) < 160 for step in sizes)


def test_a_rank_without_a_pair_counts_nothing():
    found = pairs(3)
    parts = [batches(found, 1, 0, rank, 4) for rank in range(4)]
    assert parts[0].steps_per_epoch == 3
    for step in range(3):
        assert [part.batch(step).num_counted > 0 for part in parts] == [True, False, False, False]


def test_a_pair_too_large_for_a_batch_comes_alone():
    found = pairs(20)
    found.targets[7] = np.zeros(5000, np.uint8)
    source = batches(found, 200)
    names = [source.batch(step).names for step in range(source.steps_per_epoch)]
    assert ("7",) in names and sorted(sum(map(list, names), []), key=int) == [str(row) for row in range(20)]


def test_in_order_every_pair_comes_once_the_longest_first_within_the_bound():
    found = pairs()
    listed = list(pairs_in_order(found, 500))
    assert sorted((name for batch in listed for name in batch.names), key=int) == [str(row) for row in range(300)]
    assert all(size(batch) <= 500 for batch in listed)
    longest = [int(batch.source_lengths.max()) for batch in listed]
    assert longest == sorted(longest, reverse=True)
    assert all(len(batch.names) == 1 for batch in pairs_in_order(found, 1))


def test_frames_have_no_end():
    random = np.random.default_rng(0)
    frames = [random.random((length, 3), np.float32) for length in (4, 7)]
    source, lengths = collate_sources(frames, None)
    assert source.shape == (2, 7, 3) and source.dtype == torch.float32 and lengths.tolist() == [4, 7]
    assert np.array_equal(source[0, :4].numpy(), frames[0]) and not source[0, 4:].any()
    found = PairSet(frames, [np.zeros(2, np.uint8)] * 2, ["a", "b"], target_end=END)
    assert PairBatches(found, 100, 0).batch(0).source.shape == (2, 7, 3)


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"tokens": 0}, ["tokens_per_batch is 0", 1]),
        ({"seed": -1}, ["seed -1", 0]),
        ({"rank": 2, "world_size": 2}, ["rank 2 of 2"]),
    ],
)
def test_what_cannot_be(changes, parts):
    with refuses(UsageError, *parts):
        batches(pairs(4), **changes)


def test_no_pairs():
    with refuses(DataError, "no pairs"):
        batches(PairSet([], [], []))
    with refuses(DataError, "no pairs"):
        list(pairs_in_order(PairSet([], [], []), 100))
