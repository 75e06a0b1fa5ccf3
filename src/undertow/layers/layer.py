"""The contract of a causal map of sequences: one call over a whole sequence gives the same numbers as single steps.

B batch, T time, C channels.
"""

from abc import ABC, abstractmethod
from fractions import Fraction

from torch import Tensor, nn

from undertow.state import State


class Layer(nn.Module, ABC):
    """A causal map (B, T, C) -> (B, T · ratio, C').

    `step` over any split of a sequence gives what `forward` gives over the whole, values and gradients. State lives
    in what `init_state` returns and `step` hands on, never in the module. With gradients off, `step` may reuse the
    storage of the state it was given: `undertow.state.clone` keeps a branch.

    Attributes:
        receptive_field: number of input steps that an output sees; None if it is unbounded.
        ratio: outputs per input. Below 1, the layer is stepped with T a multiple of 1 / ratio.
        delay: outputs by which the layer is late, the same in `forward` and `step`: that many come before the first
            that depends on the input. A caller who wants them aligned trims them.
        ignored: first inputs that no output depends on, as what comes before an image.
    """

    receptive_field: int | None = 1
    ratio: Fraction = Fraction(1)
    delay: int = 0
    ignored: int = 0

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Map a whole sequence that starts from the initial state."""

    @abstractmethod
    def init_state(self, batch_size: int) -> State:
        """The state before the first step."""

    @abstractmethod
    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Map the next T >= 1 steps; returns the outputs and the state after them."""


class StatelessLayer(Layer):
    """A layer whose output at a step depends only on that step."""

    def init_state(self, batch_size: int) -> State:
        return {}

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        return self(x), state
