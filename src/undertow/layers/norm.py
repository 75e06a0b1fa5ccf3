"""Normalisation within a step: no statistics over time, so nothing leaks from the future.

B batch, T time, C channels.
"""

from torch import Tensor, nn

from undertow.layers.layer import StatelessLayer


class LayerNorm(StatelessLayer):
    """Zero mean and unit variance over the channels of each step, then scale and shift: (B, T, C) -> (B, T, C)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x)
