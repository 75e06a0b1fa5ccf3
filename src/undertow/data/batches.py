"""Batches of examples: crops padded to the longest, with labels, features and sources. A batch takes 9 bytes a step.

Beside the examples, each crop of an epoch takes about 80 bytes (125 MB for 10^8 symbols in crops of 64).

N sequences, B batch, T steps, E elements of a vector symbol, F feature frames, S source steps, C channels.
"""

import math
import re
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from undertow.batch import Batch
from undertow.data.crops import Crop, Crops, Order
from undertow.data.examples import Examples, Labels, is_of_steps
from undertow.errors import DataError, UsageError, counted

PLACE = re.compile(r"\[\d+:\d+\]\Z")  # of a crop, behind its recording's name


class CropBatches:
    """Training batches: `batch(step)` is a function of the seed and the step alone, so resuming needs only the step.

    The global batch of a step is `world_size` · `batch_size` crops, and rank r takes the r-th slice of it. See
    `undertow.data.crops.Crops` for how sequences are cut, and `Order` for the order of the crops.

    Args:
        examples: the sequences to cut.
        batch_size: B, crops a rank and step.
        crop_steps: most counted steps of a crop; None for whole sequences.
        context_steps: steps before a crop that begins inside a sequence, seen but not counted. If they cover the
            model's receptive field, every counted step sees what it would see in the whole sequence.
        seed: 0 or more.
        rank, world_size: of the processes that share a batch.
        period: of the network's slowest clock, in steps: crops begin, context included, at multiples of it and of the
            features' hop, so that both are in phase with the whole sequence.
        look_ahead: feature frames past the end of a crop, for the model to look ahead to.

    Raises:
        UsageError: a size below 1, a context below 0, or a rank out of range.
        DataError: no sequences, or (by `batch`) a sequence without the frames it needs.
    """

    def __init__(
        self,
        examples: Examples,
        batch_size: int,
        crop_steps: int | None,
        context_steps: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
        period: int = 1,
        look_ahead: int = 0,
    ) -> None:
        self.examples, self.look_ahead = examples, look_ahead
        self.rows = rows_of_rank(batch_size, seed, rank, world_size)
        self.crops = cut(examples, crop_steps, context_steps, period)
        self.order = Order(self.crops, batch_size * world_size, seed)

    def batch(self, step: int) -> Batch:
        """This rank's rows of the global batch of `step`, counted from 0."""
        return collate(self.examples, self.order.batch(step)[self.rows], self.look_ahead)


def batches_in_order(
    examples: Examples,
    batch_size: int,
    crop_steps: int | None = None,
    context_steps: int = 0,
    period: int = 1,
    look_ahead: int = 0,
    most_steps: int | None = None,
    seed: int = 0,
) -> Iterator[Batch]:
    """Every sequence once, for validation and scoring: the longest first, similar lengths together, padded.

    Whole sequences by default; with `crop_steps`, longer ones are cut into consecutive crops with context, and each
    step is counted once. Of more than `most_steps` steps, crops of about as many are drawn by the seed. Other arguments
    and errors are those of `CropBatches`.
    """
    _check_size(batch_size)
    rows = cut(examples, crop_steps, context_steps, period).cut()
    rows = rows[sample(rows[:, 2] - rows[:, 1], most_steps, seed)]
    length = rows[:, 2] - rows[:, 1] + rows[:, 3]
    rows = rows[np.argsort(-length, kind="stable")]
    for first in range(0, len(rows), batch_size):
        yield collate(examples, [Crop(*row) for row in rows[first : first + batch_size].tolist()], look_ahead)


def random_windows(
    examples: Examples, num: int, steps: int, context: int, seed: int, batch_size: int
) -> Iterator[Batch]:
    """Windows at random places, to estimate the mean loss over windows, as is usual for small language models.

    Each of `num` windows has `context` steps that are only seen, then `steps` counted steps. All places where a whole
    window fits are equally likely. The windows depend on the seed, not on the batch size.

    Raises:
        UsageError: a number below 1, or a context or seed below 0.
        DataError: no sequence is as long as a window.
    """
    if min(num, steps, batch_size) < 1 or min(context, seed) < 0:
        raise UsageError(
            f"{counted(num, 'window')} of {counted(steps, 'step')}, context {context}, seed {seed}, "
            f"{batch_size} a batch: context and seed must be 0 or more, the others 1 or more"
        )
    places = np.maximum(examples.lengths - (steps + context) + 1, 0)
    ends = np.cumsum(places)
    if not len(ends) or not ends[-1]:
        longest = examples.lengths.max(initial=0)
        raise DataError(f"windows are {context} + {steps} steps long, but the longest sequence has {longest}")
    place = np.random.default_rng([seed, 2]).integers(0, ends[-1], num)
    picked = np.searchsorted(ends, place, side="right")
    start = place - (ends - places)[picked] + context
    windows = zip(picked.tolist(), start.tolist(), strict=True)
    crops = [Crop(sequence, first, first + steps, context) for sequence, first in windows]
    for first in range(0, num, batch_size):
        yield collate(examples, crops[first : first + batch_size])


def sample(sizes: np.ndarray, most: int | None, seed: int) -> np.ndarray:
    """The places, in order, of some of (N,) parts: at most `most` large together, at least one; None: of all."""
    if most is None or int(sizes.sum()) <= most:
        return np.arange(len(sizes))
    order = np.random.default_rng([seed, 4]).permutation(len(sizes))
    return np.sort(order[: max(1, int(np.searchsorted(np.cumsum(sizes[order]), most, side="right")))])


def rows_of_rank(batch_size: int, seed: int, rank: int, world_size: int) -> slice:
    """This rank's rows of a global batch.

    Raises:
        UsageError: a size, a seed or a rank out of range.
    """
    _check_size(batch_size)
    if seed < 0 or not 0 <= rank < world_size:
        raise UsageError(f"seed {seed}, rank {rank} of {world_size}: seeds start at 0, ranks are 0 to {world_size - 1}")
    return slice(rank * batch_size, (rank + 1) * batch_size)


def cut(examples: Examples, crop_steps: int | None, context_steps: int, period: int = 1) -> Crops:
    """How sequences are cut: at multiples of the period and of the features' hop.

    Raises:
        UsageError: crops without a step, or a context below 0.
        DataError: no sequences.
    """
    if not len(examples):
        raise DataError("there are no sequences to make batches of")
    if (crop_steps is not None and crop_steps < 1) or context_steps < 0:
        raise UsageError(f"crop_steps is {crop_steps}, context_steps {context_steps}; they must be at least 1 and 0")
    return Crops(examples.lengths, crop_steps, context_steps, math.lcm(examples.hop, period))


def collate(examples: Examples, crops: Sequence[Crop], look_ahead: int = 0, round_steps: int | None = None) -> Batch:
    """The batch of some crops, padded to the longest; reads no other steps.

    Args:
        look_ahead: feature frames to add past the end of each crop.
        round_steps: the batch's steps are rounded up to a multiple of this; by default that of the examples.
    """
    longest = max(1, *(crop.stop - crop.start + crop.context for crop in crops))
    unit = examples.round_steps if round_steps is None else round_steps
    num_steps = -(-longest // unit) * unit
    symbols = np.zeros((len(crops), num_steps, *examples.step_shape), examples.dtype)
    if examples.padding:
        symbols[:] = examples.padding
    counted = np.zeros((len(crops), num_steps), dtype=bool)
    for row, (index, start, stop, context) in enumerate(crops):
        length = stop - start + context
        symbols[row, :length] = examples.read(index, start - context, stop)
        counted[row, context:length] = True
    source, source_lengths = _sources(examples, crops)
    labels = {name: _labels(values, crops, num_steps) for name, values in examples.labels.items()}
    if examples.grid is not None:  # whole images, in rows
        shape = len(crops), *examples.grid
        symbols, counted = symbols.reshape(*shape, *examples.step_shape), counted.reshape(shape)
        labels = {name: one.reshape(*shape, *one.shape[2:]) if one.ndim > 1 else one for name, one in labels.items()}
    return Batch(
        symbols=torch.from_numpy(symbols),
        counted=torch.from_numpy(counted),
        labels=labels,
        features=_features(examples, crops, num_steps, look_ahead),
        names=tuple(map(partial(_name, examples), crops)),
        source=source,
        source_lengths=source_lengths,
    )


def collate_sources(sources: Sequence[np.ndarray], source_end: int | None) -> tuple[Tensor, Tensor]:
    """Sources as (B, S) int64 symbols with their ends, or (B, S, C) float32 frames, and their lengths (B,) int64.

    Args:
        source_end: the symbol that ends each; None for frames.
    """
    extra = source_end is not None
    lengths = np.array([len(one) + extra for one in sources], np.int64)
    kind = np.int64 if extra else np.float32
    padded = np.zeros((len(sources), int(lengths.max()), *sources[0].shape[1:]), kind)
    for row, (one, length) in enumerate(zip(sources, lengths, strict=True)):
        padded[row, : len(one)] = one
        if extra:
            padded[row, length - 1] = source_end
    return torch.from_numpy(padded), torch.from_numpy(lengths)


def _check_size(batch_size: int) -> None:
    if batch_size < 1:
        raise UsageError(f"batch_size is {batch_size}; it must be 1 or more")


def _labels(values: Labels, crops: Sequence[Crop], num_steps: int) -> Tensor:
    """(B,), or (B, T) of labels of each step, 0 at padding: int64 classes or float32 numbers."""
    if is_of_steps(values):
        picked = np.zeros((len(crops), num_steps, *values[0].shape[1:]), values[0].dtype)
        for row, (index, start, stop, context) in enumerate(crops):
            picked[row, : stop - start + context] = values[index][start - context : stop]
    else:
        picked = np.asarray(values)[[crop.number for crop in crops]]
    return torch.from_numpy(picked.astype(np.float32 if picked.dtype.kind == "f" else np.int64))


def _features(examples: Examples, crops: Sequence[Crop], num_steps: int, look_ahead: int) -> Tensor | None:
    """(B, F, C) frames of the crops and of the look-ahead; the last frame is repeated past the end of a sequence."""
    steps = np.arange(-(-num_steps // examples.hop) + look_ahead)
    rows = []
    for index, start, _, context in crops:
        frames = examples.frames(index)
        if frames is None:
            return None
        rows.append(frames[np.minimum((start - context) // examples.hop + steps, len(frames) - 1)])
    return torch.from_numpy(np.stack(rows))


def _sources(examples: Examples, crops: Sequence[Crop]) -> tuple[Tensor | None, Tensor | None]:
    sources = [source for crop in crops if (source := examples.source(crop.number)) is not None]
    return collate_sources(sources, examples.source_end) if sources else (None, None)


def recording_of(name: str) -> str:
    """The recording that a row of a batch is a crop of: its name without the crop's place."""
    return PLACE.sub("", name)


def _name(examples: Examples, crop: Crop) -> str:
    name = examples.name(crop.number)
    if crop.start == 0 and crop.stop == examples.lengths[crop.number]:
        return name
    return f"{name}[{crop.start}:{crop.stop}]"
