"""Weight normalisation (Salimans & Kingma, arXiv 1602.07868) of a causal convolution.

B batch, T time, C input channels, O output channels, k kernel size.
"""

import math

import torch
from torch import Tensor, nn

from undertow.layers.causal_conv import CausalConvolution


class WeightNormConv1d(CausalConvolution):
    """A causal dilated convolution whose weight is g_o v_o / ‖v_o‖ for each output channel o: (B, T, C) -> (B, T, O).

    Parameters: direction v (O, k, C), scale g (O,), bias (O,); at the start g = ‖v‖. `kernel()` is the
    weight (O, k, C) that a `CausalConv1d` would hold in its place.
    """

    bias: nn.Parameter

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int = 1, dilation: int = 1) -> None:
        super().__init__(in_channels, kernel_size, dilation)
        self.direction = nn.Parameter(torch.empty(out_channels, kernel_size, in_channels))
        self.scale = nn.Parameter(torch.empty(out_channels))
        self.bias = nn.Parameter(torch.empty(out_channels))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weights and biases uniform within ±1/√(fan in), as `CausalConv1d` starts."""
        bound = 1 / math.sqrt(self.direction[0].numel())
        nn.init.uniform_(self.direction, -bound, bound)
        nn.init.uniform_(self.bias, -bound, bound)
        self.scale.detach().copy_(self.direction.detach().flatten(1).norm(dim=1))

    def kernel(self) -> Tensor:
        return self.direction * (self.scale / self.direction.flatten(1).norm(dim=1))[:, None, None]
