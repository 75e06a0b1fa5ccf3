"""The inputs of a model: a batch of symbols, and the condition that a network reads beside them.

B batch, T steps, E elements of a vector symbol, F feature frames, S memory or source steps, C channels.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

import torch
from torch import Tensor


class Condition(NamedTuple):
    """What a network reads beside the symbols.

    `aligned` (B, T or 1, C) is aligned with the symbols, step by step; `memory` (B, S, C) is the same at every step,
    and its rows have `memory_lengths` (B,) steps.
    """

    aligned: Tensor | None = None
    memory: Tensor | None = None
    memory_lengths: Tensor | None = None

    def steps(self, start: int, stop: int) -> "Condition":
        """The condition of steps `start` to `stop`; unchanged if it is the same at every step."""
        if self.aligned is None or self.aligned.shape[1] == 1:
            return self
        return self._replace(aligned=self.aligned[:, start:stop])

    def rows(self, rows: Tensor) -> "Condition":
        """The condition of the given batch rows."""
        return Condition(*(None if part is None else part.index_select(0, rows) for part in self))


@dataclass(frozen=True)
class Batch:
    """One batch of sequences of symbols, with their labels, features and sources.

    Of models that label every pixel of an image, T is (H, W): symbols are (B, H, W) or (B, H, W, E).

    Attributes:
        symbols: (B, T) int64, or (B, T, E) for vector symbols; floats for an alphabet of real numbers.
        counted: (B, T) bool, the steps whose loss counts; False for padding and context.
        labels: by name, (B,) int64 class indices, -1 for a row without one; (B, T) for labels of each step; (B,)
            floats for labels that are numbers.
        features: (B, F, C) float frames; frame f covers steps f·hop to (f + 1)·hop - 1.
            Frames past the last step are for look-ahead.
        names: a name for each row, for error messages.
        continues: (B,) bool, the rows that continue the same row of the batch before (truncated back-propagation
            through time); None if every row is a sequence of its own.
        source: what each row is made from, such as a sentence to translate: (B, S) int64 symbols, or (B, S, C) float
            frames; None without sources.
        source_lengths: (B,) int64, steps of each row's source; the rest is padding.
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
        moved = {item.name: _moved(getattr(self, item.name), device) for item in fields(self)}
        for name in ("features", "source"):
            if dtype is not None and moved[name] is not None and moved[name].is_floating_point():
                moved[name] = moved[name].to(dtype)
        return Batch(**moved)


def _moved(value: Any, device: torch.device | str) -> Any:
    if isinstance(value, Mapping):
        return {name: part.to(device) for name, part in value.items()}
    return value.to(device) if isinstance(value, Tensor) else value
