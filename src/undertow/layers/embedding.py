"""Symbols as vectors.

B batch, T time, N symbols, C channels.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from undertow.layers.layer import StatelessLayer


class Embedding(StatelessLayer):
    """A learned vector for each of the N symbols and for the start symbol N: (B, T) int64 -> (B, T, C)."""

    def __init__(self, num_symbols: int, channels: int) -> None:
        super().__init__()
        self.table = nn.Embedding(num_symbols + 1, channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.table(x)


class TiedOutput(nn.Module):
    """An output layer whose weights are an embedding's, less the start symbol's: (…, C), (N + 1, C) -> (…, N)."""

    def forward(self, x: Tensor, table: Tensor) -> Tensor:
        return F.linear(x, table[:-1])
