"""What a session asks of a model: a protocol, which autoregressive models and encoder-decoders meet.

B batch, T steps, P parameters of the output distribution. Symbols are (B, T), or (B, T, E) where each is a vector.
"""

from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from undertow.batch import Batch, Condition
from undertow.state import State


@runtime_checkable
class Switched(Protocol):
    """What is in training mode or not, as every `torch.nn.Module` is."""

    training: bool

    def eval(self) -> Any:
        """Leave training mode."""

    def train(self, mode: bool = True) -> Any:
        """Enter training mode, or leave it."""


@runtime_checkable
class Stepped(Switched, Protocol):
    """A model whose sequences a session advances.

    Attributes:
        emission: the distribution of a symbol given P parameters.
        engine_file: the model as it was exported to the native engine; None for most models.
    """

    emission: Any
    engine_file: bytes | None

    @property
    def device(self) -> torch.device:
        """Where its weights are."""

    @property
    def precision(self) -> str:
        """What its weights are held in, as "float32"."""

    @property
    def num_parameters(self) -> int:
        """How many numbers it has, which tells how much work a step is."""

    @property
    def max_length(self) -> int | None:
        """Inputs it can be given in all, from the start symbol on; None when any number."""

    def init_state(self, batch_size: int, condition: Condition) -> State:
        """The state before the start symbol."""

    def with_room(self, state: State, num_steps: int) -> State:
        """The same state with room for so many inputs in all."""

    def step(self, symbols: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        """Parameters (B, T, P) of the symbols after each of these, and the state there."""

    def prime(self, symbols: Tensor, condition: Condition) -> tuple[Tensor, State]:
        """Parameters (B, P) of the symbol after a prompt of T symbols, and the state there, in one parallel call."""

    def past(self, symbols: Tensor) -> Tensor:
        """Symbols behind the start symbol: T + 1 steps."""

    def unseen(self, num_inputs: int) -> int:
        """How many of so many inputs can be left out, as nothing after the last depends on them."""

    def predict(self, symbols: Tensor, condition: Condition) -> Tensor:
        """Parameters (B, P) of the symbol after these, in one parallel call without a state."""

    def log_prob(self, batch: Batch) -> Tensor:
        """Log-probability (B, T) of each symbol in nats, in one parallel call; zero where a step does not count."""
