"""The condition of any part of a sequence, computed on demand: memory does not grow with the sequence.

B batch, T steps, F feature frames, M features a frame, R frames the upsampler sees.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from undertow.batch import Batch, Condition
from undertow.models.generating import Generating
from undertow.session.inference import inference


class Conditions(ABC):
    """The labels, features or sources of B sequences.

    Attributes:
        batch_size: B.
    """

    batch_size: int

    @abstractmethod
    def steps(self, start: int, stop: int) -> Condition:
        """The condition of steps `start` to `stop` - 1 of every row; a single step if all are the same."""

    def changing(self, start: int, stop: int) -> Condition:
        """The same, without what a session keeps of the rows that it began with."""
        return self.steps(start, stop)

    @abstractmethod
    def select(self, rows: Sequence[int]) -> "Conditions":
        """The conditions of the given rows, in this order; a row may be given several times."""


@dataclass(frozen=True)
class Encoded(Conditions):
    """The source of each row, which a decoder reads: the same at every step. Torch encodes it when it is first asked.

    Attributes:
        source: (B, S) symbols, or (B, S, C) frames, on the model's device.
        lengths: (B,).
        chosen: where these are some of other rows: those rows, and which of them.
    """

    model: Any
    batch_size: int
    source: Tensor
    lengths: Tensor
    chosen: "tuple[Encoded, Tensor] | None" = None

    @cached_property
    def condition(self) -> Condition:
        """What the encoder makes of the sources."""
        if self.chosen is not None:
            whole, rows = self.chosen
            return whole.condition.rows(rows)
        with inference(self.model):
            return self.model.encode(self.source, self.lengths)

    def steps(self, start: int, stop: int) -> Condition:
        return self.condition

    def changing(self, start: int, stop: int) -> Condition:
        return Condition()

    def select(self, rows: Sequence[int]) -> "Encoded":
        if list(rows) == list(range(self.batch_size)):
            return self
        index = torch.tensor(rows, device=self.source.device)
        return Encoded(self.model, len(rows), self.source[index], self.lengths[index], (self, index))


@dataclass(frozen=True)
class Known(Conditions):
    """The condition of an autoregressive model: each sequence's labels, and features for all of its steps.

    Attributes:
        labels: by name, (B,) int64 class indices; -1 where a label is not known.
        features: (B, F, M) frames, or None.
    """

    model: Generating
    batch_size: int
    labels: Mapping[str, Tensor]
    features: Tensor | None = None

    @property
    def num_steps(self) -> int | None:
        """The most steps of a sequence that the features and the network's `max_length` allow; None: any number."""
        settings = self.model.config.conditioner.features
        limits = [] if self.model.max_length is None else [self.model.max_length]
        if self.features is not None and settings is not None:
            limits.append(self.features.shape[1] * settings.hop_length)
        return min(limits, default=None)

    def select(self, rows: Sequence[int]) -> "Known":
        index = torch.tensor(rows, dtype=torch.int64, device=next(self.model.parameters()).device)
        labels = {name: label.index_select(0, index) for name, label in self.labels.items()}
        features = None if self.features is None else self.features.index_select(0, index)
        return Known(self.model, len(rows), labels, features)

    def steps(self, start: int, stop: int) -> Condition:
        settings = self.model.config.conditioner
        if self.features is None or settings.features is None:
            return self._every_step
        hop = settings.features.hop_length
        before, ahead = self.model.conditioner.past_steps // hop, settings.upsampling.look_ahead
        first = max(0, start // hop - before)
        frames = self.features[:, first : -(-stop // hop) + ahead]
        with inference(self.model):
            condition = self.model.condition(self.labels, frames, stop - first * hop, self.batch_size)
        return condition.steps(start - first * hop, stop - first * hop)

    def steps_from(self, starts: Sequence[int], num_steps: int) -> Condition:
        """The condition of `num_steps` steps of every row, from each row's own start."""
        if self.features is None or len(set(starts)) == 1:
            return self.steps(starts[0], starts[0] + num_steps)
        rows = [self.select([row]).steps(start, start + num_steps) for row, start in enumerate(starts)]
        parts = zip(*rows, strict=True)
        return Condition(*(None if part[0] is None else torch.cat(part) for part in parts))

    @cached_property
    def _every_step(self) -> Condition:
        with inference(self.model):
            return self.model.condition(self.labels, None, 1, self.batch_size)


def conditions_of(model: Any, batch: Batch) -> Conditions:
    """The conditions of a batch's rows: their encoded sources, or their labels and features."""
    if batch.source is None:
        return Known(model, len(batch.symbols), batch.labels, batch.features)
    assert batch.source_lengths is not None
    return Encoded(model, len(batch.source), batch.source, batch.source_lengths)
