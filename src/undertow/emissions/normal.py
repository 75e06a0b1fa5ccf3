"""The normal distribution of mean 0 and standard deviation 1, whose CDF is Φ and density φ.

Written with erfc(z) and erfcx(z) = e^(z²) · erfc(z), whose values and derivatives stay accurate in the far tail, even
in float32. (The derivative of `torch.special.log_ndtr` is e^(-z²/2 - log Φ(z)), where two large numbers cancel.)
"""

import math

import numpy as np
import torch
from torch import Tensor
from torch.special import erfcx

from undertow.emissions.bins import Shape

NARROW = 0.5
LOG_DENSITY_AT_ZERO = -0.5 * math.log(2 * math.pi)
POSITIVE_NODES, WEIGHTS = (both[4:].tolist() for both in np.polynomial.legendre.leggauss(8))


def _log_cdf(z: Tensor) -> Tensor:
    below = z.clamp(max=0)
    tail = torch.log(erfcx(below * -math.sqrt(0.5)) / 2) - below.square() / 2
    body = torch.log1p(-torch.erfc(z.clamp(min=0) * math.sqrt(0.5)) / 2)
    return torch.where(z < 0, tail, body)


def _log_interval(middle: Tensor, half: Tensor) -> Tensor:
    """log(Φ(m + h) - Φ(m - h)); by symmetry for |m|."""
    middle = middle.abs()
    narrow = half * middle.clamp(min=1) < NARROW
    zero, one = torch.zeros_like(middle), torch.ones_like(middle)
    few = _log_narrow(torch.where(narrow, middle, zero), torch.where(narrow, half, one * NARROW))
    wide = _log_wide(torch.where(narrow, one, middle), torch.where(narrow, one, half))
    return torch.where(narrow, few, wide)


def _log_narrow(middle: Tensor, half: Tensor) -> Tensor:
    """φ(m) · h · ∫ cosh(m h v) e^(-h² v² / 2) dv over [-1, 1], by Gauss-Legendre quadrature; h and m h up to NARROW."""
    slope, square = middle * half, half.square() / -2
    integral = torch.zeros_like(half)
    for node, weight in zip(POSITIVE_NODES, WEIGHTS, strict=True):
        integral = integral + 2 * weight * torch.cosh(slope * node) * torch.exp(square * node**2)
    return LOG_DENSITY_AT_ZERO - middle.square() / 2 + torch.log(half * integral)


def _log_wide(middle: Tensor, half: Tensor) -> Tensor:
    """Difference of the upper tails at m - h and m + h; where both lie above 0, scaled by e^(lower² / 2)."""
    lower, upper = middle - half, middle + half
    one_sided = lower > 0
    start = lower.clamp(min=0)
    at_lower = torch.where(one_sided, erfcx(start * math.sqrt(0.5)), torch.erfc(lower.clamp(max=0) * math.sqrt(0.5)))
    fall = torch.where(one_sided, 2 * middle * half, upper.square() / 2)
    at_upper = erfcx(upper * math.sqrt(0.5)) * torch.exp(-fall)
    return torch.log((at_lower - at_upper) / 2) - start.square() / 2


def _log_density(z: Tensor) -> Tensor:
    return LOG_DENSITY_AT_ZERO - z.square() / 2


NORMAL = Shape(
    log_cdf=_log_cdf,
    log_interval=_log_interval,
    cdf=torch.special.ndtr,
    quantile=torch.special.ndtri,
    log_density=_log_density,
    entropy=0.5 - LOG_DENSITY_AT_ZERO,
)
