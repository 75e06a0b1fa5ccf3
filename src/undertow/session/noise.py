"""The uniforms that samples are drawn from: a function of (seed, row, step) alone.

So a row's sample does not depend on the rest of the batch, on the size of the chunks, or on the engine.

B rows, T steps, U uniforms a step.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from undertow.options import check_keys

_WORDS_PER_BLOCK = 4  # Philox 4x64 gives four 64-bit words for each value of its counter
BLOCK_STEPS = 512


def uniforms(seed: int, rows: Sequence[int], start: int, num_steps: int, num_uniforms: int) -> np.ndarray:
    """Uniforms in [0, 1) of steps `start` to `start + num_steps - 1` of the given rows, (B, T, U) float64.

    Row r is the stream of Philox 4x64-10 with key (seed, r). Step t owns its words t·S to t·S + S - 1, where
    S = 4·ceil(U / 4) is U rounded up to whole Philox blocks, and reads the first U; a word w gives (w >> 11)·2^-53.

    Raises:
        UsageError: the seed or a row is negative or does not fit 63 bits.
    """
    check_keys([seed], rows)
    blocks = -(-num_uniforms // _WORDS_PER_BLOCK)
    width = blocks * _WORDS_PER_BLOCK
    out = np.empty((len(rows), num_steps, num_uniforms))
    for index, row in enumerate(rows):
        # NumPy steps the counter before it draws, so counter c yields block c first.
        philox = np.random.Philox(key=[seed, row], counter=[start * blocks, 0, 0, 0])
        words = philox.random_raw(num_steps * width).reshape(num_steps, width)
        out[index] = (words[:, :num_uniforms] >> np.uint64(11)) * 2.0**-53
    return out


class Noise(ABC):
    """The uniforms of a set of rows, step after step."""

    @abstractmethod
    def next(self, num_steps: int) -> np.ndarray:
        """The uniforms of every row's next `num_steps` steps, (B, T, U) float64."""

    @abstractmethod
    def skip(self, num_steps: int) -> np.ndarray | None:
        """Skip steps whose uniforms the engine computes itself.

        Returns:
            For each row its seed, its number and the first skipped step, (B, 3) int64; None, without a skip, if the
            uniforms are not a function of these.
        """


class Philox(Noise):
    """The uniforms of `uniforms`, computed a block of steps at a time.

    Args:
        seeds, rows, starts: for each row, its seed, its number and its first step.
        num_uniforms: U.
    """

    def __init__(self, seeds: Sequence[int], rows: Sequence[int], starts: Sequence[int], num_uniforms: int) -> None:
        check_keys(seeds, rows)
        self._keys = np.stack([np.array(one, dtype=np.int64) for one in (seeds, rows, starts)], axis=1)
        self._num_read = 0
        self._block = np.empty((len(self._keys), 0, num_uniforms))  # of the steps that come next

    @property
    def places(self) -> np.ndarray:
        """For each row its seed, its number and its next step, (B, 3) int64; `Philox(*places.T, U)` continues there."""
        return self._keys + [0, 0, self._num_read]

    def next(self, num_steps: int) -> np.ndarray:
        missing = num_steps - self._block.shape[1]
        if missing > 0:
            self._block = np.concatenate([self._block, self._draw(max(missing, BLOCK_STEPS))], axis=1)
        found, self._block = self._block[:, :num_steps], self._block[:, num_steps:]
        self._num_read += num_steps
        return found

    def skip(self, num_steps: int) -> np.ndarray:
        found = self.places
        self._num_read += num_steps
        self._block = self._block[:, num_steps:]
        return found

    def _draw(self, num_steps: int) -> np.ndarray:
        done, width = self._num_read + self._block.shape[1], self._block.shape[2]
        return np.concatenate(
            [uniforms(seed, [row], start + done, num_steps, width) for seed, row, start in self._keys.tolist()]
        )


class Given(Noise):
    """Given uniforms (B, T, U)."""

    def __init__(self, uniforms: np.ndarray) -> None:
        self._left = uniforms

    def next(self, num_steps: int) -> np.ndarray:
        assert num_steps <= self._left.shape[1], f"{num_steps} steps are needed, but {self._left.shape[1]} are left"
        found, self._left = self._left[:, :num_steps], self._left[:, num_steps:]
        return found

    def skip(self, num_steps: int) -> None:
        return None
