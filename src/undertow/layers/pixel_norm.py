"""Layer normalisation of each pixel's channels, so that an image's output depends on no other pixel or image.

B batch, H rows, W columns, C channels.
"""

import torch.nn.functional as F
from torch import Tensor, nn


class PixelNorm(nn.LayerNorm):
    """(B, C, H, W) to the same: C values of mean 0 and variance 1 at each pixel, then a scale and a shift."""

    def forward(self, x: Tensor) -> Tensor:
        last = x.movedim(1, -1)
        return F.layer_norm(last, self.normalized_shape, self.weight, self.bias, self.eps).movedim(-1, 1)
