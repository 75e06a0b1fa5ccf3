"""The contract of a network: layers that turn past symbols and a condition into parameters of the next symbol.

B batch, T time, C channels, P parameters of the output distribution.
"""

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor, nn

from undertow.batch import Condition
from undertow.errors import UsageError
from undertow.state import State


class Network(nn.Module, ABC):
    """Inputs x_1 … x_T and a condition to (B, T, P): row t parametrises the distribution of the symbol after x_t.

    A network class is called with (config, num_symbols, num_params, condition_channels, in_channels): in_channels is C
    of an x of floats. A state keeps its names and shapes from `init_state` on; `with_room` alone may change
    a shape, between steps. What a state keeps of a source, the same at every step, is its part "memory".

    `step` asks the host for nothing: it is traced, exported and captured as it is.

    Attributes:
        takes_symbols: x is (B, T) int64 symbols (the alphabet's start symbol included); otherwise (B, T, C) floats.
        receptive_field: steps of x one output sees; None when it is unbounded.
        period: steps after which the network's slower clocks are in phase again; a prompt may only lose a multiple of
            it at its beginning.
        ignored: first inputs that no output depends on: 1 where the start symbol is none, as before an image.
        max_length: inputs it can be given in all, from the start symbol on; None when any number.
        head: what makes parameters of the hidden vectors, where `leave` is not overridden.
    """

    takes_symbols: bool
    receptive_field: int | None
    period: int = 1
    ignored: int = 0
    max_length: int | None = None
    head: Any

    @abstractmethod
    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        """Parameters at every step of a sequence that starts from the initial state."""

    def begin(self, x: Tensor, condition: Condition) -> None:
        """Set fresh weights by the inputs of a first batch, before the first update. By default do nothing."""

    @abstractmethod
    def init_state(self, batch_size: int, condition: Condition) -> State:
        """The state before the first step; it carries what the network keeps of the condition's memory."""

    def init_with_room(self, batch_size: int, condition: Condition, num_steps: int) -> State:
        """`init_state` with room for `num_steps` inputs in all."""
        return self.with_room(self.init_state(batch_size, condition), num_steps)

    def with_room(self, state: State, num_steps: int) -> State:
        """The same state with room for so many steps in all, and no more: what is attended to is all of the room.

        Whoever steps a network with a `max_length` sees to the room, as a session does, and never steps beyond it; a
        fresh state has room for `max_length` steps. Most networks' states are as large whatever they have seen, and are
        given back as they are.
        """
        return state

    @abstractmethod
    def step_hidden(self, x: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        """Vectors (B, T, C) after each of the next T >= 1 inputs, all that `leave` needs, and the state after them.

        `condition.aligned` holds those T steps, or one that serves them all.
        """

    def leave(self, hidden: Tensor) -> Tensor:
        """Parameters (B, T, P) from the vectors (B, T, C), each step independently: the head."""
        return self.head(hidden)

    def own(self, hidden: Tensor) -> Tensor:
        """Of the vectors of `step_hidden`, the channels that the network's layers made."""
        return hidden

    def step(self, x: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        """Parameters after each of the next T >= 1 inputs, and the state after them; see `step_hidden`."""
        hidden, state = self.step_hidden(x, state, condition)
        return self.leave(hidden), state

    def prime(self, x: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        """`step` over a prompt (B, T), for its last parameters (B, P) alone: the head runs once."""
        hidden, state = self.step_hidden(x, state, condition)
        return self.leave(hidden[:, -1:])[:, 0], state

    def last(self, x: Tensor, condition: Condition) -> Tensor:
        """Parameters (B, P) after the last of the inputs alone; a network that needs less for them overrides this."""
        return self(x, condition)[:, -1]

    def attention_weights(self, x: Tensor, condition: Condition) -> list[Tensor] | None:
        """How much each step of a whole sequence looks at each, in every layer: (B, H, T, T), rows summing to one; None
        where a network does not tell.
        """
        return None

    @property
    @abstractmethod
    def output(self) -> nn.Module:
        """The last layer, which makes the parameters: what a model of other outputs has of its own."""


def check_length(num_steps: int, max_length: int | None) -> None:
    """Refuse a whole sequence that is too long.

    Raises:
        UsageError: there are more inputs than `max_length`.
    """
    if max_length is not None and num_steps > max_length:
        raise UsageError(f"{num_steps} inputs are more than this network holds: its max_length is {max_length}")
