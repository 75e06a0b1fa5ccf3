"""The contract of examples: the sequences of one split, read span by span, with labels, features and sources.

N sequences, T steps, E elements of a vector symbol, F feature frames, S source steps, C channels.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from undertow.config import nearest
from undertow.data.needs import Needs
from undertow.errors import DataError, UsageError, counted

Labels = np.ndarray | Sequence[np.ndarray]


class Examples(ABC):
    """Sequences of symbols; a batch reads only the steps that it holds.

    Attributes:
        labels: by name, (N,) one for each sequence, integer classes (-1: none) or floats; or a list of N arrays (T,)
            with one for each step.
        padding: the symbol that pads the shorter rows of a batch.
        round_steps: a batch's steps are rounded up to a multiple of this.
        hop: steps of one feature frame; 1 without frames.
        source_end: the symbol that ends a source; None without sources, or for sources of frames.
        grid: rows and columns of every sequence, if each is a whole image whose pixels a batch holds in rows.
    """

    labels: Mapping[str, Labels]
    padding: int = 0
    round_steps: int = 1
    hop: int = 1
    source_end: int | None = None
    grid: tuple[int, int] | None = None

    @property
    @abstractmethod
    def lengths(self) -> np.ndarray:
        """(N,) int64 steps."""

    @property
    @abstractmethod
    def step_shape(self) -> tuple[int, ...]:
        """(), or (E,) if symbols are vectors."""

    @property
    @abstractmethod
    def dtype(self) -> Any:
        """The type of symbols in a batch: int64, or float32 for real numbers."""

    @abstractmethod
    def name(self, index: int) -> str:
        """The name of a sequence, for messages."""

    @abstractmethod
    def read(self, index: int, start: int, stop: int) -> np.ndarray:
        """Symbols (T,) or (T, E) of some steps of a sequence."""

    def frames(self, index: int) -> np.ndarray | None:
        """The (F, C) float32 frames of a sequence; frame f covers steps f·hop to (f + 1)·hop - 1."""
        return None

    def source(self, index: int) -> np.ndarray | None:
        """The source of a sequence: symbols (S,) without their end, or frames (S, C)."""
        return None

    def size(self, unit: str) -> str:
        """The amount of data, in words; `unit` is the word for a step."""
        return counted(self.num_symbols, unit) + (f" in {len(self):,}" if len(self) > 1 else "")

    def summary(self) -> dict[str, Any]:
        """The amount of data, for a model's card."""
        return {"num_sequences": len(self), "num_symbols": self.num_symbols}

    @property
    def num_symbols(self) -> int:
        """Steps of all sequences."""
        return int(self.lengths.sum())

    def whole(self, every: int = 1) -> list[np.ndarray]:
        """Symbols of every sequence, or of one in `every`."""
        return [self.read(index, 0, int(self.lengths[index])) for index in range(0, len(self), every)]

    def __len__(self) -> int:
        return len(self.lengths)


class Piece(NamedTuple):
    """Steps `start` to `stop` of sequence number `number`."""

    number: int
    start: int
    stop: int


class Pieces(Examples):
    """Pieces of other examples, as sequences with the labels and names of those they are cut from.

    Args:
        pieces: each begins with a feature frame, if there are frames.
    """

    def __init__(self, examples: Examples, pieces: Sequence[Piece]) -> None:
        self.examples, self.pieces = examples, pieces
        self.padding, self.round_steps, self.hop = examples.padding, examples.round_steps, examples.hop
        self.source_end = examples.source_end

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

    def source(self, index: int) -> np.ndarray | None:
        return self.examples.source(self.pieces[index].number)

    def _picked(self, values: Labels) -> Labels:
        if isinstance(values, np.ndarray) and values.ndim == 1:
            return values[[piece.number for piece in self.pieces]]
        return [values[piece.number][piece.start : piece.stop] for piece in self.pieces]


def spread_pieces(examples: Examples, piece_steps: int, share: float) -> Pieces:
    """At most a share of all steps, in pieces of at most `piece_steps` from everywhere, each beginning with a frame."""
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
    """Whether a label has a value for each step, not for each sequence."""
    return not (isinstance(values, np.ndarray) and values.ndim == 1)


def check_predicted(examples: Examples, needs: Needs) -> None:
    """Refuse examples whose labels do not fit the label that a model predicts.

    Raises:
        DataError: there is no such label, or it has more classes than the model.
        UsageError: the label is for each step and the model predicts one for a sequence, or the other way round.
    """
    if (wanted := needs.predicted) is None:
        return
    if wanted.name not in examples.labels:
        raise DataError(f"the data has no label '{wanted.name}'{nearest(wanted.name, list(examples.labels))}")
    values = examples.labels[wanted.name]
    if is_of_steps(values) != wanted.of_steps:
        there, fits = ("each step", "every") if is_of_steps(values) else ("each sequence", "last or mean")
        reading = "every" if wanted.of_steps else "last or mean"
        raise UsageError(f"model.reading is {reading}, but the data has '{wanted.name}' for {there}; it must be {fits}")
    if wanted.classes is not None and (most := max(map(np.max, values))) >= len(wanted.classes):
        raise DataError(
            f"the data has {counted(most + 1, 'class')} of '{wanted.name}', but the model has {len(wanted.classes)}"
        )


def _pieces(examples: Examples, length: int) -> Iterable[Piece]:
    for index, steps in enumerate(examples.lengths.tolist()):
        for start in range(0, steps, length):
            yield Piece(index, start, min(start + length, steps))
