"""The normalisation of each pixel's channels."""

import torch

from tests.contract import assert_close
from undertow.layers.pixel_norm import PixelNorm


def test_each_pixel_by_itself_has_mean_0_and_variance_1() -> None:
    x, norm = torch.randn(2, 8, 3, 5).double(), PixelNorm(8).double()
    y = norm(x)
    assert torch.allclose(y.mean(1), torch.zeros(2, 3, 5).double())
    assert torch.allclose(y.var(1, unbiased=False), torch.ones(2, 3, 5).double(), rtol=1e-4)
    assert_close(norm(x[:1, :, 1:2, 2:3]), y[:1, :, 1:2, 2:3])
