"""The condition of any stretch of a sequence, made when it is wanted: memory does not grow with the sequence.

B batch, T steps, F feature frames, M features a frame, R frames the upsampler sees.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from undertow.batch import Condition
from undertow.generation.inference import inference
from undertow.models.autoregressive import Autoregressive


@dataclass(frozen=True)
class Conditions:
    """What is known of each of B sequences: labels, and features that cover all of their steps.

    Attributes:
        labels: by name, (B,) int64 class indices; -1 where a label is not known.
        features: (B, F, M) frames, or None.
    """

    model: Autoregressive
    batch_size: int
    labels: Mapping[str, Tensor]
    features: Tensor | None = None

    @property
    def num_steps(self) -> int | None:
        """Steps of a sequence that the features and the network's `max_length` allow; None when any number."""
        settings = self.model.config.conditioner.features
        limits = [] if self.model.network.max_length is None else [self.model.network.max_length]
        if self.features is not None and settings is not None:
            limits.append(self.features.shape[1] * settings.hop_length)
        return min(limits, default=None)

    def select(self, rows: Sequence[int]) -> "Conditions":
        """Those of the given rows, in the given order and as often as they are named."""
        index = torch.tensor(rows, dtype=torch.int64, device=next(self.model.parameters()).device)
        labels = {name: label.index_select(0, index) for name, label in self.labels.items()}
        features = None if self.features is None else self.features.index_select(0, index)
        return Conditions(self.model, len(rows), labels, features)

    def steps(self, start: int, stop: int) -> Condition:
        """The condition of steps `start` to `stop` - 1 of every row; one step that serves all without features."""
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
        """The condition of `num_steps` steps of every row, each row from its own start."""
        if self.features is None or len(set(starts)) == 1:
            return self.steps(starts[0], starts[0] + num_steps)
        rows = [self.select([row]).steps(start, start + num_steps) for row, start in enumerate(starts)]
        parts = zip(*rows, strict=True)
        return Condition(*(None if part[0] is None else torch.cat(part) for part in parts))

    @cached_property
    def _every_step(self) -> Condition:
        with inference(self.model):
            return self.model.condition(self.labels, None, 1, self.batch_size)
