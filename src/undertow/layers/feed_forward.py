"""The Transformer's other half: two products with something between, at each step alone.

C channels, W width between.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

from undertow.layers.layer import StatelessLayer
from undertow.layers.stacked import Stacked

Activation = Literal["relu", "gelu", "gelu_tanh"]
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "gelu": F.gelu,
    "gelu_tanh": partial(F.gelu, approximate="tanh"),
}


class FeedForward(StatelessLayer):
    """W₂ f(W₁ x) (arXiv 1706.03762, §3.3): (B, T, C) -> (B, T, C). "gelu_tanh" is GPT-2's approximation."""

    def __init__(self, channels: int, width: int, activation: Activation = "relu", bias: bool = True) -> None:
        super().__init__()
        self.kind, self.activation = activation, ACTIVATIONS[activation]
        self.input = nn.Linear(channels, width, bias)
        self.output = nn.Linear(width, channels, bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.activation(self.input(x)))


class GatedFeedForward(StatelessLayer, Stacked):
    """W₂ (swish(W₁ x) ⊙ V x), "SwiGLU" (arXiv 2002.05202): (B, T, C) -> (B, T, C). W₁ and V are one matrix (2 W, C)."""

    def __init__(self, channels: int, width: int, bias: bool = True) -> None:
        super().__init__()
        self.input = nn.Linear(channels, 2 * width, bias)
        self.stacked = {"input.weight": 2}
        self.output = nn.Linear(width, channels, bias)

    def forward(self, x: Tensor) -> Tensor:
        gate, value = self.input(x).chunk(2, dim=-1)
        return self.output(F.silu(gate) * value)
