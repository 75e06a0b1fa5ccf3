"""Linear prediction of a sound by weights that change with time, and the filter that undoes it.

    p_t = Σ_i a_i(t) x_{t-i}        predicted from the O samples before
    x_t = p_t + e_t                 e: what is left, the excitation of the filter 1 / A

B batch, T time, O order.
"""

from typing import Any

import torch
from torch import Tensor

from undertow.layers.causal_conv import CausalConvolution

BLOCK = 64  # samples whose filter is one triangular system


class Lags(CausalConvolution):
    """The samples of some steps ago: (B, T, 1) -> (B, T, len(lags)), zeros before the first.

    It learns nothing, and copies, where a product would be rounded under autocast.
    """

    def __init__(self, *lags: int) -> None:
        super().__init__(1, max(lags) + 1, 1)
        self.lags, self.delay, self.bias = lags, min(lags), None
        kernel = torch.zeros(len(lags), self.kernel_size, 1)
        for channel, lag in enumerate(lags):
            kernel[channel, self.history - lag] = 1
        self.register_buffer("copies", kernel, persistent=False)

    def kernel(self) -> Tensor:
        copies: Any = self.copies
        return copies

    def _convolve(self, x: Tensor, dilation: int, stride: int = 1) -> Tensor:
        num_steps = x.shape[1] - self.history
        return torch.cat([x[:, self.history - lag :][:, :num_steps:stride] for lag in self.lags], dim=-1)

    def _product(self, window: Tensor) -> Tensor:
        return window[:, [self.history - lag for lag in self.lags], 0]


def predicted(past: Tensor, weights: Tensor) -> Tensor:
    """p_t of samples (B, T, O), the oldest first, and weights a_O … a_1 (B, T or 1, O): (B, T, 1)."""
    return (past * weights).sum(-1, keepdim=True)


def synthesise(excitation: Tensor, weights: Tensor, past: Tensor) -> Tensor:
    """The signal that leaves an excitation (B, T) after the samples `past` (B, O): (B, T).

    Args:
        weights: a_O … a_1, (B, T, O).

    Gradients pass to all three. Blocks of samples follow one another; each is the solution of a triangular system.
    """
    order, made = weights.shape[-1], []
    for start in range(0, excitation.shape[1], BLOCK):
        known = weights[:, start : start + BLOCK]
        size = known.shape[1]
        # row t has -a_O … -a_1 and 1 at the columns t … t + O; the first O columns are the past
        band = torch.cat([-known, torch.ones_like(known[..., :1]), known.new_zeros(len(known), size, size)], dim=-1)
        rows = band.flatten(1)[:, : size * (order + size)].view(len(known), size, order + size)
        before = (rows[..., :order] * past[:, None]).sum(-1)  # no matrix product: autocast would round it
        left = (excitation[:, start : start + size] - before)[..., None]
        block = torch.linalg.solve_triangular(rows[..., order:], left, upper=False, unitriangular=True)[..., 0]
        made.append(block)
        past = torch.cat([past, block], dim=1)[:, -order:]
    return torch.cat(made, dim=1)
