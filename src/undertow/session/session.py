"""The seam between models and whatever advances their sequences: a session holds rows and takes them on step by step.

A session's position is data: "pending" (B, 1), the last symbols, which the network has not been fed yet; "network", its
state before them; and "steps" (B,) int64, how many inputs that state has seen. So x_t is drawn by feeding x_{t-1} with
the condition of step t, and nothing is needed of the steps behind the last. Positions are the same data whatever the
engine: one engine leaves a sequence, another takes it up.

B rows, T steps, E elements of a vector symbol, P parameters of the output distribution.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from undertow.batch import Batch, Condition
from undertow.errors import UsageError
from undertow.options import PLAIN, Sampling
from undertow.session.conditions import Conditions
from undertow.session.noise import Noise
from undertow.session.stepped import Stepped
from undertow.state import State, concat, map_state, select

Samplings: TypeAlias = Sampling | Sequence[Sampling]  # one for all rows, or one a row
Rows: TypeAlias = Sequence[int] | np.ndarray
NOTHING = Condition()


class Session(ABC):
    """Rows of one model, each at a place of its own. Every engine gives the same symbols and parameters, to rounding.

    `prime` or `restore` comes first. A row's results depend on its own symbols, condition and noise alone: rows join,
    leave and are rewound while the others go on.

    Attributes:
        engine: its name, as `make_session` takes it.
        precision: what the weights are held in.
        num_threads: threads a step may use.
        notes: why it is this engine, where a user should know.
    """

    engine: ClassVar[str]
    model: Stepped
    precision: str
    num_threads: int
    notes: tuple[str, ...] = ()

    @property
    @abstractmethod
    def num_rows(self) -> int:
        """B."""

    @abstractmethod
    def prime(self, prompts: Sequence[Tensor], conditions: Conditions) -> None:
        """Begin anew with the place after each row's prompt, (L,) or (L, E) of any length; an empty one is the start.

        Raises:
            UsageError: a prompt is longer than the network holds.
        """

    @abstractmethod
    def feed(self, symbols: Tensor, condition: Condition = NOTHING) -> Tensor:
        """Take known symbols (B, T) or (B, T, E), and return the parameters (B, T, P) that each would be drawn from.

        Args:
            condition: that of these T steps, or one step that serves them all.

        Raises:
            UsageError: they are more than the network holds.
        """

    @abstractmethod
    def draw(self, noise: Noise, num_steps: int, sampling: Samplings = PLAIN, condition: Condition = NOTHING) -> Tensor:
        """Draw the next T symbols of every row, (B, T) or (B, T, E) on the CPU.

        Args:
            noise: the rows' noise, which moves on by those steps.
            sampling: one for all rows, or one for each.
            condition: that of these T steps, or one step that serves them all.

        Raises:
            UsageError: they are more than the network holds.
        """

    @abstractmethod
    def peek(self, condition: Condition = NOTHING) -> Tensor:
        """Parameters (B, P) of each row's next symbol; the `feed` or `draw` that follows does not compute them again.

        Between the two the rows may be selected, but have no position.
        """

    @abstractmethod
    def select(self, rows: Rows) -> None:
        """Go on with the given rows, in the given order and as often as they are named."""

    @property
    @abstractmethod
    def position(self) -> State:
        """A copy of every row's place: what `restore` and `join` take."""

    @abstractmethod
    def restore(self, position: State) -> None:
        """Begin anew with the rows of a position of the same model.

        Raises:
            DataError: it is not one; the session stays where it is.
        """

    @abstractmethod
    def in_one_call(self, batch: Batch) -> Tensor | None:
        """Log-probabilities (B, T) of whole sequences from one parallel call; None where the engine has none."""

    def position_of(self, rows: Rows) -> State:
        """A copy of some rows' places."""
        return select(self.position, row_index(rows))

    def join(self, position: State) -> None:
        """Add rows behind those that are there."""
        self.restore(joined([self.position, position]))

    def leave(self, rows: Rows) -> None:
        """Go on without some rows."""
        self.select(np.delete(np.arange(self.num_rows), rows))

    def rewind(self, row: int, position: State) -> None:
        """Put one row at a position of one row."""
        before, after = self.position_of(range(row)), self.position_of(range(row + 1, self.num_rows))
        self.restore(joined([before, position, after]))


def check_room(reached: int, max_length: int | None) -> None:
    """Refuse more inputs than a network holds.

    Raises:
        UsageError: a row would have `reached` of them.
    """
    if max_length is not None and reached > max_length:
        raise UsageError(f"{reached} inputs are more than this network holds: its max_length is {max_length}")


def joined(positions: Sequence[State]) -> State:
    """The rows of several positions; where rows remember sources, the shorter memories are padded by zeros."""
    sizes = [position["pending"].shape[0] for position in positions]
    positions = [position for position, size in zip(positions, sizes, strict=True) if size]
    if "memory" not in positions[0]["network"]:
        return concat(positions)
    longest = map_state(_longest, *(position["network"]["memory"] for position in positions))
    return concat([_with_memory(position, longest) for position in positions])


def row_index(rows: Rows) -> Tensor:
    """Rows (B,) int64, as states are selected by them."""
    return torch.from_numpy(np.array(rows, dtype=np.int64))


def rows_by_length(prompts: Sequence[Tensor]) -> list[list[int]]:
    """The rows whose prompts are of one length, for each length there is."""
    lengths = [len(prompt) for prompt in prompts]
    return [[row for row, length in enumerate(lengths) if length == one] for one in sorted(set(lengths))]


def in_order(groups: Sequence[Sequence[int]], parts: Sequence[State]) -> State:
    """The states of groups of rows joined, row r at place r."""
    if len(parts) == 1:
        return parts[0]
    order = [row for rows in groups for row in rows]
    return select(concat(parts), [order.index(row) for row in range(len(order))])


def _longest(*leaves: Tensor) -> Tensor:
    return max(leaves, key=lambda leaf: leaf.shape[1] if leaf.dim() > 1 else 0)


def _with_memory(position: State, longest: State) -> State:
    """A position whose memory (B, S, …) has as many steps as another."""
    memory = map_state(_padded, position["network"]["memory"], longest)
    return {**position, "network": {**position["network"], "memory": memory}}


def _padded(leaf: Tensor, longest: Tensor) -> Tensor:
    if leaf.dim() == 1 or leaf.shape[1] == longest.shape[1]:
        return leaf
    return F.pad(leaf, (0, 0) * (leaf.dim() - 2) + (0, longest.shape[1] - leaf.shape[1]))
