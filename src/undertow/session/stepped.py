"""What a session needs of a model: one protocol for autoregressive models and encoder-decoders, and one for students.

B batch, T steps, P parameters of the output distribution. Symbols are (B, T), or (B, T, E) for vector symbols.
"""

from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from undertow.batch import Batch, Condition
from undertow.state import State


@runtime_checkable
class Switched(Protocol):
    """An object with a training mode, such as every `torch.nn.Module`."""

    training: bool

    def eval(self) -> Any:
        """Leave training mode."""

    def train(self, mode: bool = True) -> Any:
        """Enter or leave training mode."""


@runtime_checkable
class Advanced(Switched, Protocol):
    """What a session needs of every model.

    Attributes:
        emission: the distribution of a symbol given P parameters; of a model that reads noise, the noise's.
    """

    emission: Any

    @property
    def device(self) -> torch.device:
        """The device of its weights."""

    @property
    def precision(self) -> str:
        """The number format of its weights, such as "float32"."""

    def init_state(self, batch_size: int, condition: Condition) -> State:
        """The state before the start symbol, or the first noise."""

    def past(self, symbols: Tensor) -> Tensor:
        """The start symbol, then the symbols: T + 1 steps."""


@runtime_checkable
class Stepped(Advanced, Protocol):
    """A model whose sequences a session can advance.

    Attributes:
        engine_file: the file of a model that was exported to the native engine; None for other models.
    """

    engine_file: bytes | None

    @property
    def num_parameters(self) -> int:
        """The number of its parameters, from which the work of a step is estimated."""

    @property
    def max_length(self) -> int | None:
        """Most inputs in all, start symbol included; None: any number."""

    def init_with_room(self, batch_size: int, condition: Condition, num_steps: int) -> State:
        """The state before the start symbol, with room for `num_steps` inputs in all."""

    def with_room(self, state: State, num_steps: int) -> State:
        """The same state with room for `num_steps` inputs in all."""

    def step(self, symbols: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        """Parameters (B, T, P) of the symbols after each of these, and the state there."""

    def prime(self, symbols: Tensor, condition: Condition) -> tuple[Tensor, State]:
        """Parameters (B, P) of the symbol after a prompt of T symbols, and the state there, in one parallel call."""

    def unseen(self, num_inputs: int) -> int:
        """How many of the first inputs can be left out, because nothing after the last input depends on them."""

    def predict(self, symbols: Tensor, condition: Condition) -> Tensor:
        """Parameters (B, P) of the symbol after these, in one parallel call without a state."""

    def log_prob(self, batch: Batch) -> Tensor:
        """Log-probability (B, T) of each symbol in nats, in one parallel call; zero where a step does not count."""


@runtime_checkable
class Chunked(Advanced, Protocol):
    """A model that a session advances over noise, many steps in one pass; it reads no symbols."""

    def make(self, noise: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        """Symbols (B, T) of the next steps from noise (B, T), and the state after them."""
