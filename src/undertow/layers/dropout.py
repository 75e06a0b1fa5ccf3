"""Dropout of values, and of whole channels.

B batch, T time, C channels.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from undertow.layers.layer import StatelessLayer

LEVELS = 2**16  # of the uniforms: four of them are cut from every 64 random bits


class Dropout(StatelessLayer):
    """A value is zero with probability p, else scaled by 1 / (1 - p) (Srivastava et al., JMLR 15, 2014).

    Any shape to the same; the identity outside training. On a CPU p is rounded to a 65,536th and the mask drawn from 16
    bits a value: torch's own takes about three times as long there.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        if x.device.type != "cpu":
            return F.dropout(x, self.p)
        hidden = min(round(self.p * LEVELS), LEVELS - 1)
        kept = _uniform_levels(x) >= hidden - LEVELS // 2
        return x * kept.to(x.dtype).mul_(LEVELS / (LEVELS - hidden))


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


def _uniform_levels(x: Tensor) -> Tensor:
    """Random int16 of x's shape, each of the 65,536 as likely."""
    words = torch.empty(-(-x.numel() // 4), dtype=torch.int64).random_(-(2**63), None)
    return words.view(torch.int16)[: x.numel()].view(x.shape)
