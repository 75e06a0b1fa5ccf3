"""How alike the structure of two spectra is, whatever their means: the second factor of the structural similarity.

    s = (2 cov(x, y) + c) / (var(x) + var(y) + c)       over the window around each value

The first factor compares means, which an absolute error does already. A mean absolute error alone makes spectra too
smooth: of what cannot be foretold it teaches the middle. s is largest where both vary alike and as much as each other.
Wang et al. (2004), IEEE Transactions on Image Processing 13(4), eq. 13 without its first factor.

B batch, F frames, M mel bands.
"""

import torch
from torch import Tensor
from torch.nn import functional

WINDOW = 7  # frames, and bands
STEADY = 0.01  # c, in squared deviations of a band: below it, what varies counts as noise


def likeness(x: Tensor, y: Tensor, inside: Tensor) -> Tensor:
    """s (B, F, M) of scaled frames (B, F, M).

    Args:
        inside: (B, F, 1), the frames that count; what lies outside is not seen, and its s is 0.
    """
    wide = torch.promote_types(x.dtype, torch.float32)  # variances are differences of large numbers
    x, y = _centred(x.to(wide), inside), _centred(y.to(wide), inside)
    weight = _mean(inside.to(wide).expand_as(x)).clamp(min=torch.finfo(wide).tiny)

    def mean(values: Tensor) -> Tensor:
        return _mean(values) / weight

    mean_x, mean_y = mean(x), mean(y)
    variances = (mean(x * x) - mean_x * mean_x + mean(y * y) - mean_y * mean_y).clamp(min=0)
    covariance = mean(x * y) - mean_x * mean_y
    return torch.where(inside, (2 * covariance + STEADY) / (variances + STEADY), 0.0)


def _centred(x: Tensor, inside: Tensor) -> Tensor:
    """Less the mean of each row, which changes no likeness; 0 outside."""
    x = torch.where(inside, x, 0.0)
    number = inside.sum(dim=(1, 2), keepdim=True).clamp(min=1) * x.shape[2]
    mean = x.detach().sum(dim=(1, 2), keepdim=True) / number
    return torch.where(inside, x - mean, 0.0)


def _mean(values: Tensor) -> Tensor:
    """Of the window around each value; outside the spectrum there are zeros."""
    return functional.avg_pool2d(values[:, None], WINDOW, stride=1, padding=WINDOW // 2)[:, 0]
