"""Clips to batches: crops encoded as symbols, with labels as class indices and features cut at frame boundaries.

In memory beside the clips: a table of 65,536 symbols (half a megabyte) and, where features are wanted, each clip's
frames once they have been asked for (4 · C / hop bytes a sample). A batch takes 9 bytes a step.

B batch, T steps, F frames, C channels.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch

from undertow.alphabets.alphabet import Alphabet
from undertow.batch import Batch
from undertow.config import there_are
from undertow.data import features as frame_features
from undertow.data.audio import to_float
from undertow.data.clips import Clip, ClipSet
from undertow.data.crops import Crop, Crops, Order
from undertow.data.sequences import rows_of_rank
from undertow.errors import DataError, UsageError

Classes = Mapping[str, Sequence[str]]
ROUND_STEPS = 256  # batches of few different lengths: a library's kernels are prepared for each length anew


class Batches:
    """Training batches: `batch(step)` is a function of the seed and the step alone, so resuming needs only the step.

    The global batch of a step is `world_size` · `batch_size` crops, and rank r takes the r-th slice of it. How clips
    are cut is told by `undertow.data.crops.Crops`, their order by `Order`.

    Args:
        clips: what to cut.
        alphabet: encodes waves as symbols.
        context_steps: R, of the model: a crop that starts inside a clip carries R steps of context that do not
            count, so that every counted step sees all it would see in the whole clip. None (unbounded): crops carry
            no context, and each is taken as a sequence of its own; whole clips are then the exact choice.
        batch_size: B, crops a rank and step.
        crop_steps: counted steps of a crop at most; None, or as long as the longest clip: whole clips.
        seed: 0 or more.
        rank, world_size: of the processes that share a batch.
        features: config of the frames that condition the model, at the clips' rate.
        look_ahead: frames past its end that a crop brings along, for the model to look ahead to.
        label_classes: by label name, its classes; a label is the index of its class, -1 where a clip has none.
        period: of the network's slowest clock, in steps: crops begin, context included, at multiples of it and of the
            features' hop, so that both are in phase with the whole clip.

    Raises:
        UsageError: a size below 1, a rank out of range, or features for another sample rate.
        DataError: no clips, a label that is none of the classes, or (by `batch`) a clip without the frames it needs.
    """

    def __init__(
        self,
        clips: ClipSet,
        alphabet: Alphabet,
        context_steps: int | None,
        batch_size: int,
        crop_steps: int | None,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
        features: Any = None,
        label_classes: Classes | None = None,
        period: int = 1,
        look_ahead: int = 0,
    ) -> None:
        self.encoder = _Encoder(clips, alphabet, features, label_classes, look_ahead)
        self.crops = _cut(self.encoder, context_steps, batch_size, crop_steps, period)
        self.rows = rows_of_rank(batch_size, seed, rank, world_size)
        self.order = Order(self.crops, batch_size * world_size, seed)

    def batch(self, step: int) -> Batch:
        """This rank's rows of the global batch of `step`, counted from 0."""
        return self.encoder.batch(self.order.batch(step)[self.rows])


def batches_in_order(
    clips: ClipSet,
    alphabet: Alphabet,
    context_steps: int | None,
    batch_size: int,
    crop_steps: int | None = None,
    features: Any = None,
    label_classes: Classes | None = None,
    period: int = 1,
    look_ahead: int = 0,
) -> Iterator[Batch]:
    """Every clip once, for validation and scoring: the longest first, clips of like length together, padded.

    Whole clips by default. With `crop_steps`, longer clips come in consecutive crops with their context, each step
    counted once: the same likelihood in less memory. An unbounded receptive field (None) takes whole clips always.
    Arguments and errors are those of `Batches`.
    """
    encoder = _Encoder(clips, alphabet, features, label_classes, look_ahead)
    rows = _cut(encoder, context_steps, batch_size, None if context_steps is None else crop_steps, period).cut()
    length = rows[:, 2] - rows[:, 1] + rows[:, 3]
    rows = rows[np.argsort(-length, kind="stable")]
    for first in range(0, len(rows), batch_size):
        yield encoder.batch([Crop(*row) for row in rows[first : first + batch_size].tolist()])


def _cut(encoder: "_Encoder", context_steps: int | None, batch_size: int, crop_steps: int | None, period: int) -> Crops:
    if batch_size < 1 or (crop_steps is not None and crop_steps < 1):
        raise UsageError(f"batch_size {batch_size}, crop_steps {crop_steps}: both must be 1 or more")
    lengths = np.array([len(clip) for clip in encoder.clips])
    return Crops(lengths, crop_steps, context_steps or 0, math.lcm(encoder.hop, period))


class _Encoder:
    """Turns crops into a batch."""

    def __init__(
        self, clips: ClipSet, alphabet: Alphabet, features: Any, label_classes: Classes | None, look_ahead: int
    ) -> None:
        if not len(clips):
            raise DataError("there are no clips to make batches of")
        if features is not None and features.sample_rate != clips.sample_rate:
            raise UsageError(f"the features are for {features.sample_rate} Hz, the clips have {clips.sample_rate} Hz")
        self.clips = clips
        self.alphabet = alphabet
        self.features = None if features is None else frame_features.build(features)
        self.look_ahead = look_ahead
        self.hop = 1 if features is None else features.hop_length
        self.labels = {name: _indices(clips, name, classes) for name, classes in (label_classes or {}).items()}
        self.frames: dict[int, np.ndarray] = {}

    @cached_property
    def symbols(self) -> np.ndarray:
        """The symbol of every 16-bit sample, by its bits read as unsigned."""
        return self.alphabet.encode(to_float(np.arange(2**16, dtype=np.uint16).view(np.int16)))

    def batch(self, crops: Sequence[Crop]) -> Batch:
        longest = max(crop.stop - crop.start + crop.context for crop in crops)
        num_steps = -(-longest // ROUND_STEPS) * ROUND_STEPS
        symbols = np.full((len(crops), num_steps), self.symbols[0])
        counted = np.zeros((len(crops), num_steps), dtype=bool)
        for row, (clip, start, stop, context) in enumerate(crops):
            length = stop - start + context
            symbols[row, :length] = self.symbols[self.clips[clip].wave[start - context : stop].view(np.uint16)]
            counted[row, context:length] = True
        picked = [crop.clip for crop in crops]
        return Batch(
            symbols=torch.from_numpy(symbols),
            counted=torch.from_numpy(counted),
            labels={name: torch.from_numpy(indices[picked]) for name, indices in self.labels.items()},
            features=None if self.features is None else torch.from_numpy(self._frames(crops, num_steps)),
            names=tuple(_name(self.clips[crop.clip], crop) for crop in crops),
        )

    def _frames(self, crops: Sequence[Crop], num_steps: int) -> np.ndarray:
        """(B, F, C) frames of the crops, and what follows in the clip; past its end its last frame is repeated."""
        steps = np.arange(-(-num_steps // self.hop) + self.look_ahead)
        rows = []
        for clip, start, _, context in crops:
            frames = self._clip_frames(clip)
            rows.append(frames[np.minimum((start - context) // self.hop + steps, len(frames) - 1)])
        return np.stack(rows)

    def _clip_frames(self, clip: int) -> np.ndarray:
        if clip not in self.frames:
            assert self.features is not None
            self.frames[clip] = self.features.of_clip(self.clips[clip])
        return self.frames[clip]


def _indices(clips: ClipSet, name: str, classes: Sequence[str]) -> np.ndarray:
    """Index of each clip's class, -1 where it has none."""
    known = {value: index for index, value in enumerate(classes)}
    for clip in clips:
        if name in clip.labels and clip.labels[name] not in known:
            raise DataError(f"'{clip.name}' has {name} '{clip.labels[name]}'; {there_are(classes)}")
    return np.array([known[clip.labels[name]] if name in clip.labels else -1 for clip in clips])


def _name(clip: Clip, crop: Crop) -> str:
    whole = crop.start == 0 and crop.stop == len(clip)
    return clip.name if whole else f"{clip.name}[{crop.start}:{crop.stop}]"
