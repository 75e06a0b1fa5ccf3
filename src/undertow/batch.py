"""What a model is given: a batch of symbols, and the condition a network reads beside them.

B batch, T steps, E elements of a vector symbol, F feature frames, S memory or source steps, C channels.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

import torch
from torch import Tensor


class Condition(NamedTuple):
    """What a network reads beside the symbols.

    `aligned` (B, T or 1, C) goes step by step with the symbols; `memory` (B, S, C) is read only, and its rows end
    at `memory_lengths` (B,).
    """

    aligned: Tensor | None = None
    memory: Tensor | None = None
    memory_lengths: Tensor | None = None

    def steps(self, start: int, stop: int) -> "Condition":
        """The condition of steps `start` to `stop`; one that is the same at every step stays as it is."""
        if self.aligned is None or self.aligned.shape[1] == 1:
            return self
        return self._replace(aligned=self.aligned[:, start:stop])

    def rows(self, rows: Tensor) -> "Condition":
        """The condition of the given batch rows."""
        return Condition(*(None if part is None else part.index_select(0, rows) for part in self))


@dataclass(frozen=True)
class Batch:
    """Sequences of symbols of one batch, with what is known about them.

    Attributes:
        symbols: (B, T) int64, or (B, T, E) where one step emits a vector; floats where the alphabet is of real numbers.
        counted: (B, T) bool, the steps whose loss counts; padding and unseen context are False.
        labels: by name, (B,) int64 class indices, -1 where a row has none; (B, T) where each step has its own; (B,)
            floats where what is told of a row is a number.
        features: (B, F, C) float frames; frame f goes with steps f·hop to (f + 1)·hop - 1.
            Frames past the last step are there to be looked ahead to.
        names: one name a row, for messages that must say which example was at fault.
        continues: (B,) bool, the rows that go on where the same row of the batch before ended (truncated
            back-propagation through time); None where every row is a sequence of its own.
        source: what each row is made from, as a sentence from that of another language: (B, S) int64 symbols, or
            (B, S, C) float frames; None where rows stand alone.
        source_lengths: (B,) int64, steps of each row's source; what is behind them is padding.
    """

    symbols: Tensor
    counted: Tensor
    labels: Mapping[str, Tensor] = field(default_factory=dict)
    features: Tensor | None = None
    names: tuple[str, ...] = ()
    continues: Tensor | None = None
    source: Tensor | None = None
    source_lengths: Tensor | None = None

    @property
    def num_counted(self) -> int:
        """Steps whose loss counts."""
        return int(self.counted.sum())

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> "Batch":
        """The same batch on a device, its features and frames of a source in `dtype`."""

        def move(value: Any) -> Any:
            if isinstance(value, Mapping):
                return {name: part.to(device) for name, part in value.items()}
            return value.to(device) if isinstance(value, Tensor) else value

        moved = {item.name: move(getattr(self, item.name)) for item in fields(self)}
        for name in ("features", "source"):
            if dtype is not None and moved[name] is not None and moved[name].is_floating_point():
                moved[name] = moved[name].to(dtype)
        return Batch(**moved)
