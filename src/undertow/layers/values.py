"""Real values as a network's input, unchanged.

B batch, T time, V values a step, Y condition channels.
"""

import torch
from torch import Tensor

from undertow.layers.layer import StatelessLayer
from undertow.state import State


class Values(StatelessLayer):
    """Values (B, T, V), joined with the condition of each step (B, T or 1, Y) -> (B, T, V + Y)."""

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        return x if condition is None else torch.cat([x, condition.expand(-1, x.shape[1], -1)], dim=-1)

    def step(self, x: Tensor, state: State, condition: Tensor | None = None) -> tuple[Tensor, State]:
        return self(x, condition), state
