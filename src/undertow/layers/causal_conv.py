"""Causal dilated convolution: parallel over a sequence, and step by step from a ring of past inputs.

WaveNet (arXiv 1609.03499, §2.1); the ring is Fast WaveNet's queue (arXiv 1611.09482) for any kernel and dilation.

B batch, T time, C input channels, O output channels, k kernel size, L = (k - 1) · dilation past inputs.
"""

import math
from abc import abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from undertow.layers.layer import Layer
from undertow.layers.slots import read_slots
from undertow.state import State


class CausalConvolution(Layer):
    """What every causal convolution does with the kernel it has: y_t = b + Σ_i W_i x_{t - (k - 1 - i) · dilation}.

    There are zeros before the first input. State: "past" (B, L, C), a ring of inputs, and "cursor" (B,) int64 at the
    oldest of them; empty for kernel size 1.
    """

    bias: nn.Parameter | None

    def __init__(self, in_channels: int, kernel_size: int, dilation: int) -> None:
        super().__init__()
        self.in_channels, self.kernel_size, self.dilation = in_channels, kernel_size, dilation
        self.history = (kernel_size - 1) * dilation
        self.receptive_field = self.history + 1

    @abstractmethod
    def kernel(self) -> Tensor:
        """The weights W (O, k, C)."""

    def offset(self) -> Tensor | None:
        """b (O,), or None."""
        return self.bias

    def forward(self, x: Tensor) -> Tensor:
        if self.kernel_size == 1 and x.shape[1] == 1:
            return F.linear(x, self.kernel()[:, 0], self.offset())
        return self._convolve(F.pad(x, (0, 0, self.history, 0)) if self.history else x, self.dilation)

    def init_state(self, batch_size: int) -> State:
        if not self.history:
            return {}
        ring = self.kernel().new_zeros(batch_size, self.history, self.in_channels)
        return {"past": ring, "cursor": torch.zeros(batch_size, dtype=torch.int64, device=ring.device)}

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        if not self.history:
            return self(x), state
        ring, cursor = state["past"], state["cursor"]
        if x.shape[1] == 1 and not torch.is_grad_enabled():
            return self._step_one(x, ring, cursor)
        ages = torch.arange(self.history, device=cursor.device)
        past = read_slots(ring, (cursor[:, None] + ages) % self.history)
        x = torch.cat([past, x], dim=1)
        after = {"past": x[:, -self.history :].contiguous(), "cursor": torch.zeros_like(cursor)}
        return self._convolve(x, self.dilation), after

    def thinned(self, x: Tensor, stride: int = 1) -> Tensor:
        """What `forward` gives at its last step and each `stride` · dilation steps before it, from no other inputs.

        x holds the inputs at that last step and each dilation before it: (B, n, C) -> (B, ⌈n / stride⌉, O).
        """
        skipped = (x.shape[1] - 1) % stride
        return self._convolve(F.pad(x, (0, 0, self.kernel_size - 1 - skipped, 0)), dilation=1, stride=stride)

    def _step_one(self, x: Tensor, ring: Tensor, cursor: Tensor) -> tuple[Tensor, State]:
        """One input (B, 1, C): read k - 1 taps, overwrite the oldest entry, move the cursor."""
        oldest = cursor[:, None, None].expand(-1, 1, self.in_channels)
        if self.kernel_size > 2:
            ages = torch.arange(0, self.history, self.dilation, device=cursor.device)
            past = read_slots(ring, (cursor[:, None] + ages) % self.history)
        else:
            past = ring.gather(1, oldest)
        window = torch.cat([past, x], dim=1)
        ring.scatter_(1, oldest, x.to(ring.dtype))
        return self._product(window)[:, None], {"past": ring, "cursor": (cursor + 1) % self.history}

    def _product(self, window: Tensor) -> Tensor:
        """One output (B, O) of the inputs at its taps (B, k, C)."""
        return F.linear(window.flatten(1), self.kernel().flatten(1), self.offset())

    def _convolve(self, x: Tensor, dilation: int, stride: int = 1) -> Tensor:
        """Full windows of x (B, L + T, C) -> (B, ⌈T / stride⌉, O), in one channels-last convolution."""
        image = x.transpose(1, 2).unsqueeze(2)  # (B, C, 1, L + T), its memory still (B, L + T, C)
        kernel = self.kernel().transpose(1, 2).unsqueeze(2)  # (O, C, 1, k), likewise
        y = F.conv2d(image, kernel, self.offset(), (1, stride), dilation=(1, dilation))
        return y.squeeze(2).transpose(1, 2)


class CausalConv1d(CausalConvolution):
    """A causal dilated convolution, (B, T, C) -> (B, T, O).

    The weight is stored as (O, k, C): in that order it is the matrix of a single step as it stands, and the
    channels-last kernel of a whole sequence without a copy.

    An optimiser's steps are of one size. Where inputs or outputs are of another, W = gain · scale · weight and
    b = scale · bias, with powers of two, which cost no precision.

    Args:
        gain: of the weights.

    Attributes:
        scale: (O,) of each output; None is 1.
    """

    scale: Tensor | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 1,
        dilation: int = 1,
        bias: bool = True,
        gain: float = 1.0,
    ) -> None:
        super().__init__(in_channels, kernel_size, dilation)
        self.gain = gain
        self.register_buffer("scale", None, persistent=False)
        self.weight = nn.Parameter(torch.empty(out_channels, kernel_size, in_channels))
        self.bias = nn.Parameter(torch.empty(out_channels)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Uniform within ±1/√(fan in), as `torch.nn.Conv1d` starts."""
        bound = 1 / math.sqrt(self.weight[0].numel())
        nn.init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            nn.init.uniform_(self.bias, -bound, bound)

    def kernel(self) -> Tensor:
        weight = self.weight if self.gain == 1 else self.gain * self.weight
        return weight if self.scale is None else self.scale[:, None, None] * weight

    def offset(self) -> Tensor | None:
        return self.bias if self.scale is None or self.bias is None else self.scale * self.bias
