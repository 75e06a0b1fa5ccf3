"""The uniforms a sample is drawn from: a function of (seed, row, step) alone.

So a row's sample depends on neither the batch around it, nor the size of the chunks, nor the engine that draws it.

B rows, T steps, U uniforms a step.
"""

from collections.abc import Sequence

import numpy as np

from undertow.errors import UsageError

_WORDS_PER_BLOCK = 4  # Philox 4x64 puts out four 64-bit words for each value of its counter
_LARGEST_KEY = 2**63 - 1
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


def check_keys(seeds: Sequence[int], rows: Sequence[int]) -> None:
    """Refuse seeds and rows that cannot be half a key.

    Raises:
        UsageError: one is negative or does not fit 63 bits.
    """
    for name, values in (("seed", seeds), ("row", rows)):
        for value in values:
            if not 0 <= value <= _LARGEST_KEY:
                raise UsageError(f"{name} is {value}; it must be from 0 to {_LARGEST_KEY}")


class Noise:
    """The uniforms of successive steps of a set of rows, drawn a block of steps at a time.

    Args:
        seeds, rows, starts: of each row, its seed, its number and its first step.
        num_uniforms: U.
    """

    def __init__(self, seeds: Sequence[int], rows: Sequence[int], starts: Sequence[int], num_uniforms: int) -> None:
        self._streams = list(zip(seeds, rows, starts, strict=True))
        self._num_uniforms = num_uniforms
        self._num_drawn, self._num_read = 0, 0
        self._block = self._draw(0)

    def next(self, num_steps: int) -> np.ndarray:
        """The uniforms of every row's next `num_steps` steps, (B, T, U) float64."""
        left = self._num_drawn - self._num_read
        if num_steps > left:
            fresh = self._draw(max(num_steps - left, BLOCK_STEPS))
            self._block = np.concatenate([self._block[:, self._block.shape[1] - left :], fresh], axis=1)
            left += fresh.shape[1]
        first = self._block.shape[1] - left
        self._num_read += num_steps
        return self._block[:, first : first + num_steps]

    def _draw(self, num_steps: int) -> np.ndarray:
        done, self._num_drawn = self._num_drawn, self._num_drawn + num_steps
        return np.concatenate(
            [uniforms(seed, [row], start + done, num_steps, self._num_uniforms) for seed, row, start in self._streams]
        )
