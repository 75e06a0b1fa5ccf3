"""Distances of sounds: frame by frame, along the cheapest path of dynamic time warping.

The distance of two sounds is the sum of their frames' distances along the path, divided by the frames on it. A path
steps from (i - 1, j - 1), (i, j - 1) or (i - 1, j); of equal sums it comes from the first in this order, where i counts
the frames of X. The engine finds them in C++ (`engine/src/warping.cpp`); without it numpy does, slower, with the same
bits: both add in the same order.

N sequences, F frames of all, C channels, R rows, S columns, L frames of one.
"""

import math
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from undertow.callbacks import Say
from undertow.errors import DataError, counted
from undertow.native import warp, why_missing

Distance = Literal["angular", "euclidean", "kl_symmetric", "identical"]
DISTANCES: tuple[str, ...] = get_args(Distance)  # in the order of the engine's
EPSILON = 1e-6  # added to probabilities, as in Libri-Light's tool
MOST_OFF = 0.01  # by which the sum of probabilities may differ from 1
ROOM = 1 << 25  # numbers in one array of numpy's way
# asin(s) = s + s·z·P(z) with z = s², up to z = 1/4; the highest power first. The engine has the same.
ARC_SINE = (
    *(0.028757851367421564708, -0.014851887071247203224, 0.017400879442694022443, 0.0054575067186403583004),
    *(0.010322814350185779287, 0.011479177415184905896, 0.013971212973552933304, 0.017352392720869972942),
    *(0.022372172942149887875, 0.030381944138531247287, 0.044642857146355429783, 0.074999999999984329332),
    0.16666666666666667827,
)


class Warped:
    """Sequences of frames, and their distances.

    Args:
        sequences: (L, C) of each, at least one frame.
        distance: "angular": the angle as a share of a half turn, and 1 from a vector of zeros to any other;
            "euclidean"; "kl_symmetric": of probabilities, half the sum of (p - q)·(log p - log q), where the logarithms
            are of p + 1e-6; "identical": 0 if all numbers are the same, or else 1.
        say: called with a line if there is no engine.

    Raises:
        DataError: the distance is of probabilities, and there are others.
    """

    def __init__(self, sequences: Sequence[np.ndarray], distance: Distance, say: Say) -> None:
        lengths = [len(one) for one in sequences]
        self.starts = np.cumsum([0, *lengths], dtype=np.int64)
        self.kind = DISTANCES.index(distance)
        self.frames = np.ascontiguousarray(PREPARED[distance](np.concatenate(sequences).astype(np.float64)))
        self.has_engine = why_missing() is None
        if not self.has_engine:
            say(f"{why_missing()}; numpy finds the distances, more slowly")

    def between(self, rows: Sequence[int], columns: Sequence[int]) -> np.ndarray:
        """(R, S) float64: from each of `rows` to each of `columns`, by their numbers.

        If both are the same, what is above the diagonal is copied below it, and the diagonal is 0.
        """
        mirrored = tuple(rows) == tuple(columns)
        those, others = np.array(rows, np.int64), np.array(columns, np.int64)
        if self.has_engine:
            return warp(self.kind, self.frames, self.starts, those, others, mirrored)
        return self._by_numpy(those, others, mirrored)

    def _by_numpy(self, rows: np.ndarray, columns: np.ndarray, mirrored: bool) -> np.ndarray:
        found = np.zeros((len(rows), len(columns)))
        pairs = [(i, j) for i in range(len(rows)) for j in range(len(columns)) if not mirrored or i < j]
        longest = int(np.diff(self.starts).max()) ** 2
        for first in range(0, len(pairs), step := max(1, ROOM // longest)):
            part = np.array(pairs[first : first + step])
            found[part[:, 0], part[:, 1]] = self._of_pairs(rows[part[:, 0]], columns[part[:, 1]])
        return found + found.T if mirrored else found

    def _of_pairs(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """(P,) the distances of pairs, all at once."""
        (x, of_x), (y, of_y) = self._padded(rows), self._padded(columns)
        between = _frame_distances(self.kind, x, y)
        return mean_costs(between, of_x, of_y)

    def _padded(self, names: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(P, L, C) sequences, and their lengths; what is behind an end is never read."""
        starts, lengths = self.starts[names], self.starts[names + 1] - self.starts[names]
        places = starts[:, None] + np.arange(lengths.max())
        return self.frames[places.clip(max=len(self.frames) - 1)], lengths


def mean_costs(between: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """(P,) mean frame distances along the cheapest paths.

    Args:
        between: (P, L, L') frame distances of each pair.
        rows, columns: (P,) lengths of its sequences.
    """
    cost = np.empty_like(between)
    length = np.ones_like(between)
    for i in range(between.shape[1]):
        for j in range(between.shape[2]):
            if not i or not j:
                before = (slice(None), max(i - 1, 0), max(j - 1, 0))
                cost[:, i, j] = (cost[before] if i or j else 0.0) + between[:, i, j]
                length[:, i, j] = length[before] + 1 if i or j else 1
                continue
            diagonal, left, up = ((slice(None), *at) for at in ((i - 1, j - 1), (i, j - 1), (i - 1, j)))
            is_left = cost[left] <= cost[up]
            least = np.where(is_left, cost[left], cost[up])
            straight = cost[diagonal] <= least
            cost[:, i, j] = np.where(straight, cost[diagonal], least) + between[:, i, j]
            sideways = np.where(is_left, length[left], length[up])
            length[:, i, j] = np.where(straight, length[diagonal], sideways) + 1
    each = np.arange(len(between))
    return cost[each, rows - 1, columns - 1] / length[each, rows - 1, columns - 1]


def arc_cosine(x: np.ndarray) -> np.ndarray:
    """The arc cosine, with the bits of the engine's."""
    a = np.abs(x)
    steep = a > 0.5
    z = np.where(steep, (1 - a) * 0.5, a * a)
    s = np.where(steep, np.sqrt(z), a)
    p = np.full_like(z, ARC_SINE[0])
    for one in ARC_SINE[1:]:
        p = p * z + one
    sine = s + s * (z * p)
    cosine = np.where(steep, sine + sine, math.pi / 2 - sine)
    return np.where(x < 0, math.pi - cosine, cosine)


def _frame_distances(kind: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(P, L, L') of frames (P, L, C) and (P, L', C); sums over channels are in their order."""
    total = np.zeros((len(x), x.shape[1], y.shape[1]))
    if DISTANCES[kind] == "kl_symmetric":
        half = x.shape[2] // 2
        for c in range(half):
            total += _outer(np.subtract, x, y, c) * _outer(np.subtract, x, y, c + half)
        return total * 0.5
    for c in range(x.shape[2]):
        if DISTANCES[kind] == "angular":
            total += _outer(np.multiply, x, y, c)
        elif DISTANCES[kind] == "euclidean":
            difference = _outer(np.subtract, x, y, c)
            total += difference * difference
        else:
            total += _outer(np.not_equal, x, y, c)
    if DISTANCES[kind] == "euclidean":
        return np.sqrt(total)
    if DISTANCES[kind] == "identical":
        return np.minimum(total, 1.0)
    null_x, null_y = (x == 0).all(axis=2), (y == 0).all(axis=2)
    angles = arc_cosine(np.minimum(1.0, np.maximum(-1.0, total))) / math.pi
    both, either = null_x[:, :, None] & null_y[:, None], null_x[:, :, None] | null_y[:, None]
    return np.where(both, 0.0, np.where(either, 1.0, angles))


def _outer(function: np.ufunc, x: np.ndarray, y: np.ndarray, channel: int) -> np.ndarray:
    return function(x[:, :, None, channel], y[:, None, :, channel])


def _of_length_one(frames: np.ndarray) -> np.ndarray:
    """(F, C) divided by their lengths; zeros remain."""
    squares = np.zeros(len(frames))
    for c in range(frames.shape[1]):  # in order: numpy's own sum depends on the processor
        squares += frames[:, c] * frames[:, c]
    lengths = np.sqrt(squares)
    return frames / np.where(lengths > 0, lengths, 1.0)[:, None]


def _with_logarithms(frames: np.ndarray) -> np.ndarray:
    """(F, 2C) probabilities, then their logarithms."""
    sums = frames.sum(axis=1)
    wrong = (frames < 0).any(axis=1) | (np.abs(sums - 1) > MOST_OFF)
    if wrong.any():
        raise DataError(
            f"kl_symmetric compares probabilities, and {counted(int(wrong.sum()), 'frame')} of {len(frames):,} "
            "are none: their numbers are below 0, or their sum is not 1; use another distance"
        )
    return np.concatenate([frames, np.log(frames + EPSILON)], axis=1)


def _same(frames: np.ndarray) -> np.ndarray:
    return frames


PREPARED = {
    "angular": _of_length_one,
    "euclidean": _same,
    "kl_symmetric": _with_logarithms,
    "identical": _same,
}
