"""A network's first layer: symbols or real values, and the condition of each step.

B batch, T time, N symbols, V values a step, C channels, Y condition channels.
"""

from typing import Literal

from torch import Tensor

from undertow.layers.causal_conv import CausalConv1d
from undertow.layers.embedding import Embedding
from undertow.layers.layer import StatelessLayer
from undertow.state import State

InputKind = Literal["embedding", "scalar"]


class Inputs(StatelessLayer):
    """E[x_t] + V y_t: symbols (B, T), or values (B, T, V), and a condition (B, T or 1, Y) -> (B, T, C).

    An "embedding" has a learned vector for each symbol and the start symbol; "scalar" maps the values by a 1×1
    convolution.
    """

    def __init__(
        self, kind: InputKind, num_symbols: int, in_channels: int, channels: int, condition_channels: int = 0
    ) -> None:
        super().__init__()
        self.symbols = Embedding(num_symbols, channels) if kind == "embedding" else CausalConv1d(in_channels, channels)
        self.condition = CausalConv1d(condition_channels, channels, bias=False) if condition_channels else None

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        x = self.symbols(x)
        return x if self.condition is None else x + self.condition(condition)

    def step(self, x: Tensor, state: State, condition: Tensor | None = None) -> tuple[Tensor, State]:
        return self(x, condition), state
