"""The multiplicative unit, an LSTM's gating without recurrence (Kalchbrenner et al., Video Pixel Networks,
arXiv 1610.00527; in ByteNet, arXiv 1610.10099).

B batch, T time, C channels.
"""

import torch
from torch import Tensor

from undertow.layers.causal_conv import CausalConv1d
from undertow.layers.layer import Layer
from undertow.layers.stacked import Stacked
from undertow.state import State


class MultiplicativeUnit(Layer, Stacked):
    """y = σ(g_1) ⊙ tanh(σ(g_2) ⊙ h + σ(g_3) ⊙ tanh(u)): (B, T, C) -> (B, T, C).

    g_1, g_2, g_3 and u are one causal dilated convolution of the unit's input h, C channels each, in this order. State:
    "conv", the convolution's.
    """

    def __init__(self, channels: int, kernel_size: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.conv = CausalConv1d(channels, 4 * channels, kernel_size, dilation)
        self.stacked = {"conv.weight": 4}
        self.receptive_field = self.conv.receptive_field

    def forward(self, x: Tensor) -> Tensor:
        return _unit(x, self.conv(x))

    def init_state(self, batch_size: int) -> State:
        return {"conv": self.conv.init_state(batch_size)}

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        y, past = self.conv.step(x, state["conv"])
        return _unit(x, y), {"conv": past}


def _unit(h: Tensor, convolved: Tensor) -> Tensor:
    gates, u = convolved.split([3 * h.shape[-1], h.shape[-1]], dim=-1)
    g_1, g_2, g_3 = torch.sigmoid(gates).chunk(3, dim=-1)
    return g_1 * torch.tanh(g_2 * h + g_3 * torch.tanh(u))
