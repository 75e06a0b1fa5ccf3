"""Sequences of symbols to batches: cut into crops, padded to the longest, with what is known of each.

In memory or memory-mapped: a batch reads only the steps that it holds. Beside the sequences, each crop of an epoch
takes about 80 bytes (125 MB for 10^8 symbols in crops of 64).

N sequences, B batch, T steps, E elements of a vector symbol.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from undertow.batch import Batch
from undertow.data.crops import Crop, Crops, Order
from undertow.errors import DataError, UsageError

KINDS = "iuf"  # of arrays: symbols are integers, values floating
Labels = np.ndarray | Sequence[np.ndarray]


@dataclass(frozen=True, eq=False)
class SequenceSet:
    """Sequences of symbols of one split, and what is known of each.

    Attributes:
        sequences: arrays (T,) or (T, E), in memory or mapped: symbols of any integer type, or floating values.
        labels: by name, (N,) of whole sequences: integers are classes (-1: none), floats numbers; or a list of N
            arrays (T,), where each step has its own.
        names: one a sequence, for messages; without, their numbers.

    Raises:
        DataError: a sequence is empty or has other elements than the first; labels or names are too few or too many.
    """

    sequences: Sequence[np.ndarray]
    labels: Mapping[str, Labels] = field(default_factory=dict)
    names: Sequence[str] = ()

    def __post_init__(self) -> None:
        for index, sequence in enumerate(self.sequences):
            _check(sequence, self.sequences[0].shape[1:], self.name(index))
        counts = {name: len(values) for name, values in self.labels.items()} | {"names": len(self.names) or len(self)}
        for name, count in counts.items():
            if count != len(self):
                raise DataError(f"there are {count} of '{name}' for {len(self)} sequences; each must have one")
        for name, values in self.labels.items():
            if not _is_whole(values) and [*map(len, values)] != self.lengths.tolist():
                raise DataError(f"'{name}' of each step is not as long as its sequence")

    def __len__(self) -> int:
        return len(self.sequences)

    def name(self, index: int) -> str:
        """What a sequence is called in messages."""
        return self.names[index] if self.names else str(index)

    @cached_property
    def lengths(self) -> np.ndarray:
        """(N,) int64 steps."""
        return np.fromiter(map(len, self.sequences), np.int64, len(self.sequences))

    @property
    def num_symbols(self) -> int:
        """Steps of all sequences."""
        return int(self.lengths.sum())


class SequenceBatches:
    """Training batches: `batch(step)` is a function of the seed and the step alone, so resuming needs only the step.

    The global batch of a step is `world_size` · `batch_size` crops, and rank r takes the r-th slice of it. How
    sequences are cut is told by `undertow.data.crops.Crops`, their order by `Order`.

    Args:
        sequences: what to cut.
        batch_size: B, crops a rank and step.
        crop_steps: counted steps of a crop at most; None, or as long as the longest sequence: whole sequences.
        context_steps: steps before a crop that begins inside a sequence, seen but not counted. With a network's
            receptive field less one, every counted step sees all it would see in the whole sequence.
        seed: 0 or more.
        rank, world_size: of the processes that share a batch.
        period: of the network's slowest clock, in steps: crops begin, context included, at multiples of it.

    Raises:
        UsageError: a size below 1, a context below 0, or a rank out of range.
        DataError: no sequences.
    """

    def __init__(
        self,
        sequences: SequenceSet,
        batch_size: int,
        crop_steps: int | None,
        context_steps: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
        period: int = 1,
    ) -> None:
        self.sequences = sequences
        self.rows = rows_of_rank(batch_size, seed, rank, world_size)
        self.crops = cut(sequences, crop_steps, context_steps, period)
        self.order = Order(self.crops, batch_size * world_size, seed)

    def batch(self, step: int) -> Batch:
        """This rank's rows of the global batch of `step`, counted from 0."""
        return collate(self.sequences, self.order.batch(step)[self.rows])


def sequences_in_order(
    sequences: SequenceSet,
    batch_size: int,
    crop_steps: int | None = None,
    context_steps: int = 0,
    period: int = 1,
) -> Iterator[Batch]:
    """Every sequence once, for validation and scoring: the longest first, those of like length together, padded.

    Whole sequences by default; with `crop_steps`, longer ones come in consecutive crops with their context, each step
    counted once. Arguments and errors are those of `SequenceBatches`.
    """
    _check_size(batch_size)
    rows = cut(sequences, crop_steps, context_steps, period).cut()
    length = rows[:, 2] - rows[:, 1] + rows[:, 3]
    rows = rows[np.argsort(-length, kind="stable")]
    for first in range(0, len(rows), batch_size):
        yield collate(sequences, [Crop(*row) for row in rows[first : first + batch_size].tolist()])


def random_windows(
    sequences: SequenceSet, num: int, steps: int, context: int, seed: int, batch_size: int
) -> Iterator[Batch]:
    """Windows at random places, for an estimate of the mean loss over windows: the usual one of small language models.

    Each of `num` windows counts `steps` steps after `context` that are only seen, and every place in a sequence long
    enough for a whole window is as likely as any other. The same windows for the same seed, whatever the batch size.

    Raises:
        UsageError: a number below 1, or a context or seed below 0.
        DataError: no sequence is as long as a window.
    """
    if min(num, steps, batch_size) < 1 or min(context, seed) < 0:
        raise UsageError(
            f"{num} windows of {steps} steps, context {context}, seed {seed}, {batch_size} a batch: "
            "context and seed must be 0 or more, the others 1 or more"
        )
    places = np.maximum(sequences.lengths - (steps + context) + 1, 0)
    ends = np.cumsum(places)
    if not len(ends) or not ends[-1]:
        longest = sequences.lengths.max(initial=0)
        raise DataError(f"windows are {context} + {steps} steps long, the longest sequence has {longest}")
    place = np.random.default_rng([seed, 2]).integers(0, ends[-1], num)
    picked = np.searchsorted(ends, place, side="right")
    start = place - (ends - places)[picked] + context
    windows = zip(picked.tolist(), start.tolist(), strict=True)
    crops = [Crop(sequence, first, first + steps, context) for sequence, first in windows]
    for first in range(0, num, batch_size):
        yield collate(sequences, crops[first : first + batch_size])


def rows_of_rank(batch_size: int, seed: int, rank: int, world_size: int) -> slice:
    """The rows of a global batch that are this rank's.

    Raises:
        UsageError: a size or a seed that cannot be, or a rank out of range.
    """
    _check_size(batch_size)
    if seed < 0 or not 0 <= rank < world_size:
        raise UsageError(f"seed {seed}, rank {rank} of {world_size}: seeds start at 0, ranks lie below their number")
    return slice(rank * batch_size, (rank + 1) * batch_size)


def cut(sequences: SequenceSet, crop_steps: int | None, context_steps: int, period: int = 1) -> Crops:
    """How sequences are cut.

    Raises:
        UsageError: crops without a step, or a context below 0.
        DataError: no sequences.
    """
    if not len(sequences):
        raise DataError("there are no sequences to make batches of")
    if (crop_steps is not None and crop_steps < 1) or context_steps < 0:
        raise UsageError(f"crop_steps {crop_steps}, context_steps {context_steps}: at least 1, and at least 0")
    return Crops(sequences.lengths, crop_steps, context_steps, period)


def collate(sequences: SequenceSet, crops: Sequence[Crop]) -> Batch:
    """The batch of these crops, its rows padded with symbol 0 to the longest; reads no other steps."""
    num_steps = max(1, *(crop.stop - crop.start + crop.context for crop in crops))
    shape = (len(crops), num_steps, *sequences.sequences[0].shape[1:])
    is_real = sequences.sequences[0].dtype.kind == "f"
    symbols = np.zeros(shape, np.float32 if is_real else np.int64)
    counted = np.zeros(shape[:2], dtype=bool)
    for row, (number, start, stop, context) in enumerate(crops):
        length = stop - start + context
        symbols[row, :length] = sequences.sequences[number][start - context : stop]
        counted[row, context:length] = True
    return Batch(
        symbols=torch.from_numpy(symbols),
        counted=torch.from_numpy(counted),
        labels={name: _labels(values, crops, num_steps) for name, values in sequences.labels.items()},
        names=tuple(_name(sequences, crop) for crop in crops),
    )


def _check_size(batch_size: int) -> None:
    if batch_size < 1:
        raise UsageError(f"batch_size {batch_size}: it must be 1 or more")


def _labels(values: Labels, crops: Sequence[Crop], num_steps: int) -> Tensor:
    """(B,), or (B, T) of labels of each step, 0 at padding: int64 classes or float32 numbers."""
    if _is_whole(values):
        assert isinstance(values, np.ndarray)
        picked = values[[crop.clip for crop in crops]]
    else:
        picked = np.zeros((len(crops), num_steps), values[0].dtype)
        for row, (number, start, stop, context) in enumerate(crops):
            picked[row, : stop - start + context] = values[number][start - context : stop]
    return torch.from_numpy(picked.astype(np.float32 if picked.dtype.kind == "f" else np.int64))


def _is_whole(values: Labels) -> bool:
    """Whether labels are of whole sequences, not of each step."""
    return isinstance(values, np.ndarray) and values.ndim == 1


def _check(sequence: np.ndarray, elements: tuple[int, ...], name: str) -> None:
    if sequence.dtype.kind not in KINDS or sequence.ndim not in (1, 2) or sequence.shape[1:] != elements:
        kinds = f"(T, {elements[0]})" if elements else "(T,)"
        raise DataError(f"'{name}' is {sequence.shape} of {sequence.dtype}; {kinds} of integers or floats are right")
    if not len(sequence):
        raise DataError(f"'{name}' is empty")


def _name(sequences: SequenceSet, crop: Crop) -> str:
    name = sequences.name(crop.clip)
    whole = crop.start == 0 and crop.stop == sequences.lengths[crop.clip]
    return name if whole else f"{name}[{crop.start}:{crop.stop}]"
