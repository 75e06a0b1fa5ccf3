"""The code length of a backward-adaptive linear predictor: what a good codec without a network would spend.

At every step the next sample is predicted from the 16 decoded samples before it, and coded under a Laplace
distribution around that prediction, integrated over the alphabet's bins. The predictor is fitted by least squares to
the past, with a half-life of 100 samples, every 8 samples. The Laplace scale is the mean absolute error of the past,
with a half-life of 16. A decoder has all of that past, so only the symbols are sent.

B rows, T steps, O order, N symbols.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from undertow.alphabets.alphabet import Alphabet

ORDER = 16
BLOCK_STEPS = 8
PREDICTOR_HALF_LIFE = 100
SCALE_HALF_LIFE = 16
DIAGONAL_LOADING = 1e-3  # of the mean energy of the past
FIRST_SCALE = 1e-3  # of full scale, as if four errors of that size had been seen
FIRST_WEIGHT = 4.0
UNIFORM_SHARE = 1e-3  # of the probability goes to all N symbols alike, so that no symbol is impossible

ROW_STEPS = 16_384
WARM_UP_STEPS = 2_048
ROWS_AT_ONCE = 64


class _Row(NamedTuple):
    """A stretch of a clip: the first `skip` symbols are only to adapt on, and are not counted."""

    symbols: np.ndarray
    skip: int


def lpc(clips: Sequence[np.ndarray], alphabet: Alphabet) -> float:
    """Bits a symbol of `clips`, each an int64 array (T,) of symbols of an alphabet whose decoded values rise.

    A clip of more than `ROW_STEPS` is coded in rows that adapt on the `WARM_UP_STEPS` before them. Anything earlier
    would weigh less than a millionth.
    """
    levels = np.asarray(alphabet.decode(np.arange(alphabet.num_symbols)), np.float64)
    rows = sorted((row for clip in clips for row in _rows(clip)), key=lambda row: -len(row.symbols))
    bits = sum(_bits(rows[first : first + ROWS_AT_ONCE], levels) for first in range(0, len(rows), ROWS_AT_ONCE))
    return bits / sum(map(len, clips))


def _rows(clip: np.ndarray) -> Iterator[_Row]:
    for start in range(0, len(clip), ROW_STEPS):
        skip = min(start, WARM_UP_STEPS)
        yield _Row(clip[start - skip : start + ROW_STEPS], skip)


def _bits(rows: Sequence[_Row], levels: np.ndarray) -> float:
    """Total bits of rows sorted from the longest to the shortest."""
    lengths = np.array([len(row.symbols) for row in rows])
    num_steps = -(-lengths[0] // BLOCK_STEPS) * BLOCK_STEPS
    symbols = np.zeros((len(rows), num_steps), np.int64)
    counted = np.zeros((len(rows), num_steps), bool)
    signal = np.zeros((len(rows), ORDER + num_steps))
    for index, (row, skip) in enumerate(rows):
        symbols[index, : len(row)] = row
        counted[index, skip : len(row)] = True
        signal[index, ORDER : ORDER + len(row)] = levels[row]
    prediction = _predict(signal, lengths)
    scale = _track_scale(np.abs(signal[:, ORDER:] - prediction), floor=0.1 * np.diff(levels).min())
    probability = _bin_probability(symbols[counted], prediction[counted], scale[counted], levels)
    return float(-np.log2(probability).sum())


def _predict(signal: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """(B, O + T) samples after O zeros -> (B, T) predictions, from covariances of the past."""
    windows = np.lib.stride_tricks.sliding_window_view(signal, ORDER + 1, axis=1)  # (B, T, O + 1), the target last
    decay = 0.5 ** (BLOCK_STEPS / PREDICTOR_HALF_LIFE)
    covariance = np.zeros((len(signal), ORDER + 1, ORDER + 1))
    prediction = np.zeros(windows.shape[:2])
    for start in range(0, windows.shape[1], BLOCK_STEPS):
        live = int((lengths > start).sum())  # the rows are sorted, so the live ones come first
        block = windows[:live, start : start + BLOCK_STEPS]
        weights = _solve(covariance[:live])
        prediction[:live, start : start + BLOCK_STEPS] = (block[..., :ORDER] @ weights)[..., 0]
        covariance[:live] = decay * covariance[:live] + block.transpose(0, 2, 1) @ block
    return prediction


def _solve(covariance: np.ndarray) -> np.ndarray:
    """(B, O + 1, O + 1) -> the least-squares weights (B, O, 1)."""
    past, target = covariance[:, :ORDER, :ORDER], covariance[:, :ORDER, ORDER:]
    energy = np.trace(past, axis1=1, axis2=2) / ORDER
    loading = (DIAGONAL_LOADING * energy + 1e-9)[:, None, None] * np.eye(ORDER)
    return np.linalg.solve(past + loading, target)


def _track_scale(errors: np.ndarray, floor: float) -> np.ndarray:
    """(B, T) absolute errors -> the Laplace scale (B, T) that the errors before each step give it."""
    decay = 0.5 ** (1 / SCALE_HALF_LIFE)
    scale = np.empty_like(errors)
    total, weight = np.full(len(errors), FIRST_SCALE * FIRST_WEIGHT), FIRST_WEIGHT
    for step in range(errors.shape[1]):
        scale[:, step] = total / weight
        total, weight = decay * total + errors[:, step], decay * weight + 1
    return np.maximum(scale, floor)


def _bin_probability(symbols: np.ndarray, centre: np.ndarray, scale: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Laplace mass of each symbol's bin. Bins meet halfway between levels; the outer two reach to infinity."""
    edges = np.concatenate([[-np.inf], (levels[1:] + levels[:-1]) / 2, [np.inf]])
    low, high = (edges[symbols] - centre) / scale, (edges[symbols + 1] - centre) / scale
    mirrored = low + high > 0  # the mass of (low, high) is that of (-high, -low), which does not cancel in the tail
    low, high = np.where(mirrored, -high, low), np.where(mirrored, -low, high)
    mass = _laplace_cdf(high) - _laplace_cdf(low)
    return (1 - UNIFORM_SHARE) * mass + UNIFORM_SHARE / len(levels)


def _laplace_cdf(x: np.ndarray) -> np.ndarray:
    return np.where(x < 0, 0.5 * np.exp(np.minimum(x, 0)), 1 - 0.5 * np.exp(-np.maximum(x, 0)))
