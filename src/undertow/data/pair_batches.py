"""Batches of pairs of similar lengths, all with about the same number of symbols, padding included.

N pairs, B batch, S source steps, T target steps, C channels, K batches of an epoch.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from undertow.batch import Batch
from undertow.data.batches import collate, rows_of_rank, sample
from undertow.data.crops import Crop
from undertow.data.pairs import PairSet
from undertow.errors import DataError, UsageError

WIDTH = 4  # lengths are rounded up to a multiple of this; pairs of equal rounded lengths are shuffled


class PairBatches:
    """Training batches: `batch(step)` is a function of the seed and the step alone, so resuming needs only the step.

    An epoch is K batches, in random order, in which every pair comes once. Pairs are sorted by length, with similar
    lengths in random order, and divided into K batches of about as many symbols; K is the same in every epoch.

    Args:
        pairs: the pairs to learn.
        tokens_per_batch: about the number, and the most, of symbols in a batch of one process: sources and targets,
            ends and padding included. A pair with more is a batch alone.
        seed: 0 or more.
        rank, world_size: of the processes that share a batch: rank r takes every `world_size`-th pair from r on.

    Raises:
        UsageError: fewer than one symbol a batch, a seed below 0, or a rank out of range.
        DataError: there are no pairs.
    """

    def __init__(
        self,
        pairs: PairSet,
        tokens_per_batch: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        rows_of_rank(1, seed, rank, world_size)
        _check(pairs, tokens_per_batch)
        self.pairs, self.seed, self.rank, self.world_size = pairs, seed, rank, world_size
        self._widths = _widths(pairs)
        self._starts = _cuts(self._widths[_by_width(self._widths)], tokens_per_batch, world_size)
        self._epoch = lru_cache(maxsize=2)(self._shuffle)

    @property
    def steps_per_epoch(self) -> int:
        """K."""
        return len(self._starts)

    def batch(self, step: int) -> Batch:
        """This rank's rows of the batch of `step`, counted from 0; one row that does not count if it has none."""
        epoch, index = divmod(step, self.steps_per_epoch)
        rows = self._epoch(epoch)[index]
        own = rows[self.rank :: self.world_size]
        if len(own):
            return collate_pairs(self.pairs, own)
        batch = collate_pairs(self.pairs, rows[:1])
        batch.counted.zero_()
        return batch

    def _shuffle(self, epoch: int) -> list[np.ndarray]:
        """The pairs of each batch of an epoch."""
        random = np.random.default_rng([self.seed, 3, epoch])
        shuffled = random.permutation(len(self.pairs))
        parts = np.split(shuffled[_by_width(self._widths[shuffled])], self._starts[1:])
        return [parts[index] for index in random.permutation(len(parts))]


def pairs_in_order(
    pairs: PairSet, tokens_per_batch: int, most_symbols: int | None = None, seed: int = 0
) -> Iterator[Batch]:
    """Every pair once, for validation and scoring, the longest first.

    Of more than `most_symbols` symbols, sources included, batches of about as many are drawn by the seed. Other
    arguments and errors are those of `PairBatches`.
    """
    every = list(rows_in_order(pairs, tokens_per_batch))
    sizes = np.array([int((pairs.source_lengths[rows] + pairs.target_lengths[rows]).sum()) for rows in every])
    for place in sample(sizes, most_symbols, seed):
        yield collate_pairs(pairs, every[place])


def rows_in_order(pairs: PairSet, tokens_per_batch: int) -> Iterator[np.ndarray]:
    """The pairs of each batch of `pairs_in_order`."""
    _check(pairs, tokens_per_batch)
    sources, targets = pairs.source_lengths + 1, pairs.target_lengths + 1
    order = np.lexsort((-targets, -sources))
    first, most = 0, 0
    for place, row in enumerate(order):
        wider = max(most, int(targets[row]))
        if place > first and (place + 1 - first) * (int(sources[order[first]]) + wider) > tokens_per_batch:
            yield order[first:place]
            first, wider = place, int(targets[row])
        most = wider
    yield order[first:]


def collate_pairs(pairs: PairSet, rows: Sequence[int] | np.ndarray) -> Batch:
    """The batch of some pairs: sources and targets with their ends, padded with zeros to the longest."""
    numbers = np.asarray(rows)
    lengths = pairs.lengths[numbers].tolist()
    return collate(pairs, [Crop(row, 0, length, 0) for row, length in zip(numbers.tolist(), lengths, strict=True)])


def _widths(pairs: PairSet) -> np.ndarray:
    """(N, 2) steps of target and source with their ends, rounded up to `WIDTH`."""
    lengths = np.stack([pairs.target_lengths, pairs.source_lengths], axis=1) + 1
    return -(-lengths // WIDTH) * WIDTH


def _by_width(widths: np.ndarray) -> np.ndarray:
    """The order of (N, 2) widths by target, then by source, up and down in turn; a stable sort."""
    turn = 1 - 2 * (widths[:, 0] // WIDTH % 2)
    return np.lexsort((turn * widths[:, 1], widths[:, 0]))


def _cuts(widths: np.ndarray, tokens: int, world_size: int) -> list[int]:
    """Where batches begin among sorted pairs: the fewest batches with at most `tokens` a process, of similar sizes."""
    rows = widths.tolist()
    starts, low, high = _starts(rows, tokens, world_size), tokens // 2, tokens
    while high - low > 1:  # the smallest bound that needs no more batches
        middle = (low + high) // 2
        found = _starts(rows, middle, world_size)
        if len(found) > len(starts):
            low = middle
        else:
            starts, high = found, middle
    return starts


def _starts(rows: Sequence[Sequence[int]], tokens: int, world_size: int) -> list[int]:
    """Where batches begin if each takes sorted pairs until a process would have more than `tokens` symbols."""
    starts, target, source = [0], 0, 0
    for place, (own_target, own_source) in enumerate(rows):
        target, source = max(target, own_target), max(source, own_source)
        own_rows = -(-(place + 1 - starts[-1]) // world_size)
        if place > starts[-1] and own_rows * (target + source) > tokens:
            starts.append(place)
            target, source = own_target, own_source
    return starts


def _check(pairs: PairSet, tokens_per_batch: int) -> None:
    if tokens_per_batch < 1:
        raise UsageError(f"tokens_per_batch is {tokens_per_batch}; it must be 1 or more")
    if not len(pairs):
        raise DataError("there are no pairs to make batches of")


def spread(number: int, wanted: int) -> list[int]:
    """At most `wanted` of `number` rows, evenly spaced from the first to the last."""
    return np.unique(np.linspace(0, number - 1, min(wanted, number)).round().astype(int)).tolist()
