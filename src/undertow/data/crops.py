"""How sequences are cut, and the order of the crops: arithmetic on lengths, a function of seed and step.

N crops of an epoch, G crops of a global batch, P batches of a pool.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

POOL_BATCHES = 32  # batches that are sorted by length together


class Crop(NamedTuple):
    """Steps `start` to `stop` of sequence number `number` count; `context` steps before them are only seen."""

    number: int
    start: int
    stop: int
    context: int


class Crops:
    """Cuts sequences into crops of at most `crop_steps`, so that every step is in exactly one crop.

    A sequence that is no longer than `crop_steps` (None: any sequence) is one crop. A longer one of L steps is cut into
    ceil(L / crop_steps) consecutive crops at multiples of `crop_steps`, shifted in each epoch by a random offset as
    far as that number of crops allows. A crop inside a sequence has up to `context` steps before it. If they cover
    the model's receptive field, the loss of the crop is the same as in the whole sequence.

    Crops begin, context included, at multiples of `unit` steps; `crop_steps` and `context` are rounded up to them.
    """

    def __init__(self, lengths: np.ndarray, crop_steps: int | None, context: int, unit: int = 1) -> None:
        self.lengths, self.unit = lengths, unit
        self.context = -(-context // unit) * unit
        longest = int(lengths.max())
        self.crop_steps = longest if crop_steps is None or crop_steps >= longest else -(-crop_steps // unit) * unit
        counts = -(-lengths // self.crop_steps)
        self.number = np.repeat(np.arange(len(lengths)), counts)  # (N,)
        self.piece = np.arange(len(self.number)) - np.repeat(np.cumsum(counts) - counts, counts)
        self.slack = np.where(counts > 1, counts * self.crop_steps - lengths, 0)

    def __len__(self) -> int:
        return len(self.number)

    def cut(self, random: np.random.Generator | None = None) -> np.ndarray:
        """All crops as rows (number, start, stop, context) of (N, 4) int64; without `random` the offsets are zero."""
        offset = np.zeros_like(self.slack)
        if random is not None:
            offset = random.integers(0, self.slack // self.unit + 1) * self.unit
        start = self.piece * self.crop_steps - offset[self.number]
        stop = np.minimum(start + self.crop_steps, self.lengths[self.number])
        start = np.maximum(start, 0)
        return np.stack([self.number, start, stop, np.minimum(start, self.context)], axis=1)


class Order:
    """Which crops make up the global batch of a step: a function of the seed and the step.

    Epochs follow each other without a gap, each a new shuffle of all crops, and batches of G are taken from that
    stream: every crop comes once an epoch, and no batch is short. To keep padding small, the crops of P batches (at
    most an epoch) are sorted by length and divided into batches, and the batches are shuffled.
    """

    def __init__(self, crops: Crops, global_batch: int, seed: int) -> None:
        self.crops, self.global_batch, self.seed = crops, global_batch, seed
        self.pool_batches = max(1, min(POOL_BATCHES, len(crops) // global_batch))
        self._epoch = lru_cache(maxsize=2)(self._shuffle)
        self._pool = lru_cache(maxsize=2)(self._deal)

    def batch(self, step: int) -> list[Crop]:
        """The G crops of a step, counted from 0, shorter ones first."""
        pool, index = divmod(step, self.pool_batches)
        return [Crop(*row) for row in self._pool(pool)[index].tolist()]

    def _shuffle(self, epoch: int) -> np.ndarray:
        random = np.random.default_rng([self.seed, 0, epoch])
        return random.permutation(self.crops.cut(random))

    def _deal(self, pool: int) -> np.ndarray:
        """(P, G, 4) crops of a pool."""
        size = self.pool_batches * self.global_batch
        first, last = pool * size, (pool + 1) * size
        count = len(self.crops)
        epochs = range(first // count, -(-last // count))
        rows = np.concatenate([self._epoch(e)[max(0, first - e * count) : last - e * count] for e in epochs])
        length = rows[:, 2] - rows[:, 1] + rows[:, 3]
        batches = rows[np.argsort(length, kind="stable")].reshape(self.pool_batches, self.global_batch, 4)
        return np.random.default_rng([self.seed, 1, pool]).permutation(batches)
