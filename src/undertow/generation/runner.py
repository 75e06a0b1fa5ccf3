"""The seam between models and the engines that step them: a runner holds a batch of sequences and draws what is next.

A runner's position has "pending" (B, 1), the last symbols, which the network has not been fed yet, and "network", its
state before them. So a run draws x_t by feeding x_{t-1} with the condition of step t, and needs no condition past its
end. Positions are the same data whatever the engine: what one has left off, another takes up.

B batch, T steps.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor

from undertow.batch import Condition
from undertow.emissions import Sampling
from undertow.generation.conditions import Conditions
from undertow.generation.noise import Noise
from undertow.models.autoregressive import Autoregressive
from undertow.state import State, concat, select


class Runner(ABC):
    """Steps one model. Every engine gives the same symbols for the same noise, to rounding.

    Attributes:
        engine: its name, as `make_runner` takes it.
        precision: what the weights are held in.
        num_threads: threads a step may use.
        notes: why it is this engine, where a user should know.
    """

    engine: ClassVar[str]
    model: Autoregressive
    precision: str
    num_threads: int
    notes: tuple[str, ...] = ()

    @abstractmethod
    def prime(self, prompts: Sequence[Tensor], conditions: Conditions) -> None:
        """Take the place after each row's prompt, (L,) int64 symbols of any length; an empty one is the beginning."""

    @abstractmethod
    def run(self, noise: Noise, num_steps: int, sampling: Sampling, condition: Condition) -> Tensor:
        """Draw the next T symbols of every row, (B, T) int64 on the CPU.

        Args:
            noise: the rows' noise, which moves on by those steps.
            condition: that of the T steps drawn, or one step that serves them all.
        """

    def select(self, rows: Sequence[int]) -> None:
        """Go on with the given rows, in the given order and as often as they are named."""
        self.restore(select(self.position, rows))

    @property
    @abstractmethod
    def position(self) -> State:
        """A copy of where the rows stand, rows first: what `restore` takes."""

    @abstractmethod
    def restore(self, position: State) -> None:
        """Take the place of a position of the same model."""


def rows_by_length(prompts: Sequence[Tensor]) -> list[list[int]]:
    """The rows whose prompts are of one length, for each length there is."""
    lengths = [len(prompt) for prompt in prompts]
    return [[row for row, length in enumerate(lengths) if length == one] for one in sorted(set(lengths))]


def in_order(groups: Sequence[Sequence[int]], parts: Sequence[State]) -> State:
    """The states of groups of rows joined, row r at place r."""
    order = [row for rows in groups for row in rows]
    return select(concat(parts), [order.index(row) for row in range(len(order))])
