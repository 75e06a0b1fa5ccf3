"""The contract of examples: the sequences of one split, read span by span, with all that is known of each.

N sequences, T steps, E elements of a vector symbol, F feature frames, S source steps, C channels.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from undertow.config import nearest
from undertow.data.needs import Needs
from undertow.errors import DataError, UsageError

Labels = np.ndarray | Sequence[np.ndarray]


class Examples(ABC):
    """Sequences of symbols; a batch reads only the steps that it holds.

    Attributes:
        labels: by name, (N,) of whole sequences: integers are classes (-1: none), floats numbers; or a list of N arrays
            (T,), where each step has its own.
        padding: the symbol that fills up the shorter rows of a batch.
        round_steps: a batch's steps are rounded up to a multiple of this.
        hop: steps of one feature frame; 1 where there are no frames.
        source_end: the symbol that ends a source; None where there are none, or they are of frames.
    """

    labels: Mapping[str, Labels]
    padding: int = 0
    round_steps: int = 1
    hop: int = 1
    source_end: int | None = None

    @property
    @abstractmethod
    def lengths(self) -> np.ndarray:
        """(N,) int64 steps."""

    @property
    @abstractmethod
    def step_shape(self) -> tuple[int, ...]:
        """(), or (E,) where one step is a vector."""

    @property
    @abstractmethod
    def dtype(self) -> Any:
        """What a batch holds symbols as: int64, or float32 of real numbers."""

    @abstractmethod
    def name(self, index: int) -> str:
        """What a sequence is called in messages."""

    @abstractmethod
    def read(self, index: int, start: int, stop: int) -> np.ndarray:
        """Symbols (T,) or (T, E) of some steps of a sequence."""

    def frames(self, index: int) -> np.ndarray | None:
        """The (F, C) float32 frames of a sequence; frame f is of its steps f·hop to (f + 1)·hop - 1."""
        return None

    def source(self, index: int) -> np.ndarray | None:
        """What a sequence is made from: symbols (S,) without their end, or frames (S, C)."""
        return None

    def size(self, unit: str) -> str:
        """How much there is, in words; `unit` is what a step is called."""
        return f"{self.num_symbols:,} {unit}s" + (f" in {len(self):,}" if len(self) > 1 else "")

    def summary(self) -> dict[str, Any]:
        """What a card says of it."""
        return {"num_sequences": len(self), "num_symbols": self.num_symbols}

    @property
    def num_symbols(self) -> int:
        """Steps of all sequences."""
        return int(self.lengths.sum())

    def whole(self, every: int = 1) -> list[np.ndarray]:
        """Symbols of every sequence, or of every so many-th."""
        return [self.read(index, 0, int(self.lengths[index])) for index in range(0, len(self), every)]

    def __len__(self) -> int:
        return len(self.lengths)


class Piece(NamedTuple):
    """Steps `start` to `stop` of sequence number `number`."""

    number: int
    start: int
    stop: int


class Pieces(Examples):
    """Pieces of other examples, each a sequence of its own with the labels and the name of the one it is of.

    Args:
        pieces: they begin with a feature frame where there are frames.
    """

    def __init__(self, examples: Examples, pieces: Sequence[Piece]) -> None:
        self.examples, self.pieces = examples, pieces
        self.padding, self.round_steps, self.hop = examples.padding, examples.round_steps, examples.hop

    @cached_property
    def lengths(self) -> np.ndarray:
        return np.array([piece.stop - piece.start for piece in self.pieces], np.int64)

    @cached_property
    def labels(self) -> Mapping[str, Labels]:  # type: ignore[override]
        return {name: self._picked(values) for name, values in self.examples.labels.items()}

    @property
    def step_shape(self) -> tuple[int, ...]:
        return self.examples.step_shape

    @property
    def dtype(self) -> Any:
        return self.examples.dtype

    def name(self, index: int) -> str:
        return self.examples.name(self.pieces[index].number)

    def read(self, index: int, start: int, stop: int) -> np.ndarray:
        piece = self.pieces[index]
        return self.examples.read(piece.number, piece.start + start, piece.start + stop)

    def frames(self, index: int) -> np.ndarray | None:
        piece = self.pieces[index]
        frames = self.examples.frames(piece.number)
        return None if frames is None else frames[piece.start // self.hop : -(-piece.stop // self.hop)]

    def _picked(self, values: Labels) -> Labels:
        if isinstance(values, np.ndarray) and values.ndim == 1:
            return values[[piece.number for piece in self.pieces]]
        return [values[piece.number][piece.start : piece.stop] for piece in self.pieces]


def spread_pieces(examples: Examples, piece_steps: int, share: float) -> Pieces:
    """A share of all steps at most, in pieces of `piece_steps` at most from all over, each beginning with a frame."""
    length = -(-piece_steps // examples.hop) * examples.hop
    kept: list[Piece] = []
    seen = taken = 0
    for piece in _pieces(examples, length):
        steps = piece.stop - piece.start
        seen += steps
        if taken + steps <= share * seen:
            kept.append(piece)
            taken += steps
    return Pieces(examples, kept)


def is_of_steps(values: Labels) -> bool:
    """Whether a label is of each step, not of whole sequences."""
    return not (isinstance(values, np.ndarray) and values.ndim == 1)


def check_predicted(examples: Examples, needs: Needs) -> None:
    """Refuse examples whose labels are not what a model predicts.

    Raises:
        DataError: they have no such label, or more classes of it.
        UsageError: they have one for every step, and the model predicts one for all, or the other way round.
    """
    if (wanted := needs.predicted) is None:
        return
    if wanted.name not in examples.labels:
        raise DataError(f"the data has no label '{wanted.name}'{nearest(wanted.name, list(examples.labels))}")
    values = examples.labels[wanted.name]
    if is_of_steps(values) != wanted.of_steps:
        there, fits = ("each step", "every") if is_of_steps(values) else ("a whole sequence", "last or mean")
        reading = "every" if wanted.of_steps else "last or mean"
        raise UsageError(f"model.reading is {reading}, and the label '{wanted.name}' is of {there}: {fits} will do")
    if wanted.classes is not None and (most := max(map(np.max, values))) >= len(wanted.classes):
        raise DataError(f"the data has {most + 1} classes of '{wanted.name}', and the model {len(wanted.classes)}")


def _pieces(examples: Examples, length: int) -> Iterable[Piece]:
    for index, steps in enumerate(examples.lengths.tolist()):
        for start in range(0, steps, length):
            yield Piece(index, start, min(start + length, steps))
