"""Streams of chunks for truncated back-propagation through time: each batch continues the one before.

N chunks of an epoch, G streams of the global batch, B of this rank's, T steps.
"""

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
import torch

from undertow.batch import Batch
from undertow.data.batches import collate, cut, rows_of_rank
from undertow.data.crops import Crop
from undertow.data.examples import Examples
from undertow.errors import UsageError, counted

MEMORY_CHUNKS = 64  # chunks of a sequence after which a stream starts again without memory
NOTHING = Crop(0, 0, 0, 0)  # a row of a stream that has ended before the others


class StreamBatches:
    """Training batches whose rows continue those of the batch before; every step is counted once an epoch.

    In each epoch the sequences, in a new random order, are cut into N chunks of at most `chunk_steps`, at multiples of
    it. The chunks, end to end, are divided into G = `world_size` · `batch_size` contiguous streams of N / G chunks,
    rounded up or down. No chunk crosses the end of a sequence: the last chunk of each is padded, its padding is not
    counted, and the next chunk starts without memory. So a state that is carried on has seen no padding.

    Every 64th chunk of a sequence also starts without memory. A network that carries its memory through a whole epoch
    comes to rely on values that are never set again, and then fails at the beginning of any text.

    `batch(step)` is a function of the seed and the step alone. `Batch.continues` is False for a row without memory: at
    the beginning of an epoch, of a stream, of a sequence and of 64 chunks of one. A stream with one chunk less ends
    with a row in which nothing is counted.

    Args:
        examples: the sequences to read.
        batch_size: B, streams a rank.
        chunk_steps: most steps of a batch; gradients go back no further.
        seed: 0 or more; it chooses the order of the sequences.
        rank, world_size: of the processes that share a batch.
        period: of the network's slowest clock; chunks are multiples of it and of the features' hop.
        look_ahead: feature frames past the end of a chunk, for the model to look ahead to.

    Raises:
        UsageError: a size below 1, a rank out of range, or more streams than chunks.
        DataError: no sequences.
    """

    def __init__(
        self,
        examples: Examples,
        batch_size: int,
        chunk_steps: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
        period: int = 1,
        look_ahead: int = 0,
    ) -> None:
        self.examples, self.seed, self.look_ahead = examples, seed, look_ahead
        self.rows = rows_of_rank(batch_size, seed, rank, world_size)
        self.chunks = cut(examples, chunk_steps, 0, period).cut()  # (N, 4)
        self.global_batch = batch_size * world_size
        if len(self.chunks) < self.global_batch:
            raise UsageError(
                f"{counted(examples.num_symbols, 'step')} in chunks of {chunk_steps} are "
                f"{counted(len(self.chunks), 'chunk')}, "
                f"too few for {counted(self.global_batch, 'stream')}; use smaller batches or shorter chunks"
            )
        unit = math.lcm(examples.hop, period)
        self.memory_steps = MEMORY_CHUNKS * -(-chunk_steps // unit) * unit
        self.bounds = np.arange(self.global_batch + 1) * len(self.chunks) // self.global_batch  # (G + 1,)
        self._epoch = lru_cache(maxsize=2)(self._shuffle)

    @property
    def steps_per_epoch(self) -> int:
        """Chunks of the longest stream."""
        return -(-len(self.chunks) // self.global_batch)

    def batch(self, step: int) -> Batch:
        """This rank's rows of the global batch of `step`, counted from 0."""
        epoch, index = divmod(step, self.steps_per_epoch)
        chunks = self._epoch(epoch)
        crops, continues = [], []
        for first, stop in zip(self.bounds[:-1][self.rows], self.bounds[1:][self.rows], strict=True):
            place = int(first) + index
            crops.append(Crop(*chunks[place].tolist()) if place < stop else NOTHING)
            continues.append(first < place < stop and chunks[place, 1] % self.memory_steps > 0)
        batch = collate(self.examples, crops, self.look_ahead, round_steps=1)
        return replace(batch, continues=torch.tensor(continues, dtype=torch.bool))

    def _shuffle(self, epoch: int) -> np.ndarray:
        """(N, 4) chunks, the sequences in random order, the chunks of each in their own."""
        place = np.random.default_rng([self.seed, 0, epoch]).permutation(len(self.examples))
        return self.chunks[np.argsort(place[self.chunks[:, 0]], kind="stable")]
