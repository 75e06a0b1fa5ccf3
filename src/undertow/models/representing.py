"""The contract of models that represent sound: vectors at named points of the model, one every so many samples.

B batch, L frames, C channels, G codes a frame.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from undertow.batch import Batch
from undertow.errors import UsageError, shown
from undertow.models.model import Ability, Model


@dataclass(frozen=True)
class Point:
    """A place in a model where its vectors can be taken.

    Attributes:
        hop: samples a frame. Frame i belongs to the samples i·hop … (i + 1)·hop - 1.
        channels: C, numbers a frame.
        num_codes: for each code of a frame, how many values it has; empty if a frame is floats.
    """

    hop: int
    channels: int
    num_codes: tuple[int, ...] = ()


class Reach(NamedTuple):
    """How far a frame sees.

    Attributes:
        before: samples before its own first one that it depends on; None for all.
        after: samples behind its own last one; None for all.
    """

    before: int | None
    after: int | None


class Represents(Model):
    """A model with the ability "represent".

    A batch is read as in training: symbols, the frames of `needs.features` if there are any, and as much of each row
    as ends with its last counted step. Frames of features are computed from the whole recording. A long recording may
    be read in blocks that begin at a multiple of every point's hop and have `reach` around them: the numbers are the
    same.

    Attributes:
        best_point: the point to use if none is named.
    """

    best_point: str

    @property
    @abstractmethod
    def points(self) -> Mapping[str, Point]:
        """By name, in the order in which a signal passes them."""

    @property
    @abstractmethod
    def reach(self) -> Reach:
        """The farthest that a frame of any point sees in the batch."""

    @abstractmethod
    def represent(self, batch: Batch, at: str) -> Tensor:
        """The vectors (B, L, C) of a point, L = ⌈T / hop⌉, without noise, in `eval` mode; 0 behind a row's end.

        Raises:
            UsageError: there is no such point.
        """

    def codes(self, batch: Batch) -> Tensor:
        """The codes (B, L, G) int64 of a batch; 0 behind a row's end.

        Raises:
            UsageError: the model has none.
        """
        raise UsageError(
            f"this model of kind {self.config.kind} has no codes; use a model with a bottleneck of kind vq"
        )

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset(["represent"])

    def point(self, at: str | None = None) -> Point:
        """A point by its name; by default the best one.

        Raises:
            UsageError: there is no such point.
        """
        name = self.best_point if at is None else at
        if name not in self.points:
            raise UsageError(f"this model has no point '{shown(name)}'; there are {', '.join(self.points)}")
        return self.points[name]
