"""The seam between models and the engines that advance sequences: a session holds rows and advances them step by step.

A session's position is data: "pending" (B, 1), the last symbols, which are not fed to the network yet; "network", its
state before them; and "steps" (B,) int64, the number of inputs that this state has seen. So x_t is drawn by feeding
x_{t-1} with the condition of step t, and no later condition is needed. Positions are the same data for every engine:
one engine can continue a sequence of another. The exception is `pixelcnn_pp`: each engine has a state of its own for it
(`first_state`).

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
from undertow.session.stepped import Advanced
from undertow.state import State, concat, map_state, select

Samplings: TypeAlias = Sampling | Sequence[Sampling]  # one for all rows, or one a row
Rows: TypeAlias = Sequence[int] | np.ndarray
NOTHING = Condition()


class Session(ABC):
    """Rows of one model, each at its own place. Every engine gives the same symbols and parameters, up to rounding.

    `prime` or `restore` comes first. A row's results depend only on its own symbols, condition and noise: rows can
    join, leave and be rewound while the others continue.

    Attributes:
        engine: its name, as `make_session` takes it.
        precision: the number format of the weights.
        num_threads: threads a step may use, and of the last draw those that it used.
        notes: notes for the user, such as why this engine was chosen.
        num_calls: calls of the model that the draws have taken; None where every step is one.
    """

    engine: ClassVar[str]
    model: Advanced
    precision: str
    num_threads: int
    notes: tuple[str, ...] = ()
    num_calls: int | None = None

    @property
    @abstractmethod
    def num_rows(self) -> int:
        """B."""

    @abstractmethod
    def prime(self, prompts: Sequence[Tensor], conditions: Conditions, most_rows: int = 0) -> None:
        """Start new rows after their prompts, (L,) or (L, E) of any lengths, perhaps empty.

        Args:
            most_rows: how many rows these may become, where that is known: an engine then makes room once.

        Raises:
            UsageError: a prompt is longer than the network holds.
        """

    @abstractmethod
    def feed(self, symbols: Tensor, condition: Condition = NOTHING) -> Tensor:
        """Append known symbols (B, T) or (B, T, E), and return the parameters (B, T, P) that predict each.

        Args:
            condition: the condition of these T steps, or of one step for all.

        Raises:
            UsageError: there are more than the network holds.
        """

    @abstractmethod
    def draw(self, noise: Noise, num_steps: int, sampling: Samplings = PLAIN, condition: Condition = NOTHING) -> Tensor:
        """Draw the next T symbols of every row, (B, T) or (B, T, E) on the CPU.

        Args:
            noise: the rows' noise, which advances by these steps.
            sampling: one for all rows, or one for each.
            condition: the condition of these T steps, or of one step for all.

        Raises:
            UsageError: there are more than the network holds.
        """

    @abstractmethod
    def peek(self, condition: Condition = NOTHING) -> Tensor:
        """Parameters (B, P) of each row's next symbol; the next `feed` or `draw` does not compute them again.

        Until then rows can be selected, but have no position.
        """

    def draw_best(self, num_steps: int) -> tuple[Tensor, Tensor]:
        """Append to every row the most probable symbols of a categorical.

        Args:
            num_steps: the most; there are as many as the engine draws at once.

        Returns:
            The symbols (B, T) on the CPU, T at least one, and the parameters (B, T, P) that predict each.
        """
        params = self.peek()
        symbols = params.argmax(dim=-1, keepdim=True)
        self.feed(symbols)
        return symbols.cpu(), params[:, None]

    @abstractmethod
    def select(self, rows: Rows) -> None:
        """Continue with the given rows, in this order; a row may be given several times."""

    @property
    @abstractmethod
    def position(self) -> State:
        """A copy of every row's place, for `restore` and `join`."""

    @abstractmethod
    def restore(self, position: State) -> None:
        """Replace all rows by those of a position of the same model.

        Raises:
            DataError: the position is of another model; the session does not change.
        """

    @abstractmethod
    def in_one_call(self, batch: Batch) -> Tensor | None:
        """Log-probabilities (B, T) of whole sequences in one parallel call; None if the engine cannot do this."""

    def first_state(self) -> State:
        """The network's state of one row before its first symbol, with the parts that this engine keeps."""
        return self.model.init_state(1, Condition())

    def position_of(self, rows: Rows) -> State:
        """A copy of some rows' places."""
        return select(self.position, row_index(rows))

    def join(self, position: State) -> None:
        """Add the rows of a position after the existing ones."""
        self.restore(joined([self.position, position]))

    def leave(self, rows: Rows) -> None:
        """Drop some rows."""
        self.select(np.delete(np.arange(self.num_rows), rows))

    def rewind(self, row: int, position: State) -> None:
        """Replace one row by a position of one row."""
        before, after = self.position_of(range(row)), self.position_of(range(row + 1, self.num_rows))
        self.restore(joined([before, position, after]))


def check_room(reached: int, max_length: int | None) -> None:
    """Refuse more inputs than a network holds.

    Raises:
        UsageError: `reached`, the inputs of a row, is above `max_length`.
    """
    if max_length is not None and reached > max_length:
        raise UsageError(f"{reached} inputs are too many for this network, whose max_length is {max_length}")


def joined(positions: Sequence[State]) -> State:
    """The rows of several positions; if they have memories of sources, shorter ones are padded with zeros."""
    sizes = [position["pending"].shape[0] for position in positions]
    positions = [position for position, size in zip(positions, sizes, strict=True) if size]
    if "memory" not in positions[0]["network"]:
        return concat(positions)
    longest = map_state(_longest, *(position["network"]["memory"] for position in positions))
    return concat([_with_memory(position, longest) for position in positions])


def row_index(rows: Rows) -> Tensor:
    """Rows as a tensor (B,) int64, to select states with."""
    return torch.from_numpy(np.array(rows, dtype=np.int64))


def rows_by_length(prompts: Sequence[Tensor]) -> list[list[int]]:
    """Groups of rows with prompts of equal length, shortest first."""
    lengths = [len(prompt) for prompt in prompts]
    return [[row for row, length in enumerate(lengths) if length == one] for one in sorted(set(lengths))]


def in_order(groups: Sequence[Sequence[int]], parts: Sequence[State]) -> State:
    """Join the states of groups of rows, with row r at place r."""
    if len(parts) == 1:
        return parts[0]
    order = [row for rows in groups for row in rows]
    return select(concat(parts), [order.index(row) for row in range(len(order))])


def _longest(*leaves: Tensor) -> Tensor:
    return max(leaves, key=lambda leaf: leaf.shape[1] if leaf.dim() > 1 else 0)


def _with_memory(position: State, longest: State) -> State:
    """A position whose memory (B, S, …) is padded to the steps of `longest`."""
    memory = map_state(_padded, position["network"]["memory"], longest)
    return {**position, "network": {**position["network"], "memory": memory}}


def _padded(leaf: Tensor, longest: Tensor) -> Tensor:
    if leaf.dim() == 1 or leaf.shape[1] == longest.shape[1]:
        return leaf
    return F.pad(leaf, (0, 0) * (leaf.dim() - 2) + (0, longest.shape[1] - leaf.shape[1]))
