"""Upsamplers that bring slow features to the signal's rate, and stream: frame f fills steps f·s … (f + 1)·s - 1.

B batch, F frames, C input channels, O output channels, s stride, k kernel size (in output steps).
"""

import math
from fractions import Fraction

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from undertow.layers.layer import Layer, StatelessLayer
from undertow.state import State


class Repeat(StatelessLayer):
    """Each frame s times: (B, F, C) -> (B, F · s, C)."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride, self.ratio = stride, Fraction(stride)

    def forward(self, x: Tensor) -> Tensor:
        return x.repeat_interleave(self.stride, dim=1)


class TransposedConv1d(Layer):
    """Learned upsampling, (B, F, C) -> (B, F · s, O): frame f adds W_j x_f to output f · s + j, for j < k.

    It is causal: an output sees its own frame and the ⌈k/s⌉ - 1 before it. The default k = 2s overlaps two frames.
    State: "overlap" (B, k - s, O), what past frames will still add to the next k - s outputs.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int, kernel_size: int | None = None) -> None:
        super().__init__()
        kernel_size = 2 * stride if kernel_size is None else kernel_size
        if kernel_size < stride:
            raise ValueError(f"kernel size {kernel_size} leaves gaps at stride {stride}")
        self.stride, self.overlap, self.out_channels = stride, kernel_size - stride, out_channels
        self.ratio = Fraction(stride)
        self.receptive_field = math.ceil(kernel_size / stride)
        bound = 1 / math.sqrt(in_channels * self.receptive_field)
        self.weight = nn.Parameter(torch.empty(in_channels, out_channels, kernel_size).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def forward(self, x: Tensor) -> Tensor:
        return self._spread(x)[:, : x.shape[1] * self.stride] + self.bias

    def init_state(self, batch_size: int) -> State:
        return {"overlap": self.weight.new_zeros(batch_size, self.overlap, self.out_channels)}

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        num_steps = x.shape[1] * self.stride
        y = self._spread(x)  # (B, F · s + overlap, O)
        y = y + F.pad(state["overlap"], (0, 0, 0, y.shape[1] - self.overlap))
        return y[:, :num_steps] + self.bias, {"overlap": y[:, num_steps:]}

    def _spread(self, x: Tensor) -> Tensor:
        return F.conv_transpose1d(x.transpose(1, 2), self.weight, stride=self.stride).transpose(1, 2)
