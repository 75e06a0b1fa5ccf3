"""Dropout of whole channels.

B batch, T time, C channels.
"""

import torch.nn.functional as F
from torch import Tensor

from undertow.layers.layer import StatelessLayer


class ChannelDropout(StatelessLayer):
    """Spatial dropout: a channel of a row is zero at every step with probability p, else scaled by 1 / (1 - p).

    (B, T, C) -> (B, T, C); the identity outside training. A stream's next chunk draws anew.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        return x * F.dropout(x.new_ones(x.shape[0], 1, x.shape[2]), self.p)
