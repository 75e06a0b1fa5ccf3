"""Sequences of symbols, in memory or memory-mapped, with their labels.

N sequences, T steps, E elements of a vector symbol.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from undertow.data.examples import Examples, Labels, is_of_steps
from undertow.errors import DataError, counted

KINDS = "iuf"  # of arrays: symbols are integers, values floating


@dataclass(frozen=True, eq=False)
class SequenceSet(Examples):
    """The sequences of symbols of one split, with their labels and names.

    Attributes:
        sequences: arrays (T,) or (T, E), in memory or mapped: symbols of any integer type, or floating values.
        labels: by name, (N,) one for each sequence, integer classes (-1: none) or floats; or a list of N arrays (T,)
            with one for each step.
        names: one for each sequence, for messages; by default their numbers.
        grid: rows and columns of every sequence; see `Examples`.

    Raises:
        DataError: a sequence is empty or not of the shape of the first; there are too few or too many labels or names.
    """

    sequences: Sequence[np.ndarray]
    labels: Mapping[str, Labels] = field(default_factory=dict)
    names: Sequence[str] = ()
    grid: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        for index, sequence in enumerate(self.sequences):
            _check(sequence, self.sequences[0].shape[1:], self.name(index))
        counts = {name: len(values) for name, values in self.labels.items()} | {"names": len(self.names) or len(self)}
        for name, count in counts.items():
            if count != len(self):
                raise DataError(
                    f"there are {count} of '{name}' for {counted(len(self), 'sequence')}; each must have one"
                )
        for name, values in self.labels.items():
            if is_of_steps(values) and [*map(len, values)] != self.lengths.tolist():
                raise DataError(f"label '{name}' must be as long as its sequence, with a value for each step")

    def __len__(self) -> int:
        return len(self.sequences)

    def name(self, index: int) -> str:
        """The name of a sequence, for messages."""
        return self.names[index] if self.names else str(index)

    @cached_property
    def lengths(self) -> np.ndarray:
        """(N,) int64 steps."""
        return np.fromiter(map(len, self.sequences), np.int64, len(self.sequences))

    @property
    def step_shape(self) -> tuple[int, ...]:
        return self.sequences[0].shape[1:]

    @property
    def dtype(self) -> Any:
        return np.float32 if self.sequences[0].dtype.kind == "f" else np.int64

    def read(self, index: int, start: int, stop: int) -> np.ndarray:
        return self.sequences[index][start:stop]


def _check(sequence: np.ndarray, elements: tuple[int, ...], name: str) -> None:
    if sequence.dtype.kind not in KINDS or sequence.ndim not in (1, 2) or sequence.shape[1:] != elements:
        kinds = f"(T, {elements[0]})" if elements else "(T,)"
        raise DataError(f"'{name}' is {sequence.shape} of {sequence.dtype}; it must be {kinds} of integers or floats")
    if not len(sequence):
        raise DataError(f"'{name}' is empty")
