"""The logistic distribution of mean 0 and scale 1, whose CDF is the sigmoid σ.

The probability of an interval comes from the exact identity σ(a) - σ(b) = σ(a) · σ(-b) · (1 - e^(b - a)). It neither
cancels in a narrow bin nor underflows in a tail, so it needs no fallback to the density.
"""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from undertow.emissions.bins import Shape


def _log_interval(middle: Tensor, half: Tensor) -> Tensor:
    return logsigmoid(middle + half) + logsigmoid(half - middle) + torch.log(-torch.expm1(-2 * half))


def sigmoid(z: Tensor) -> Tensor:
    """1 / (1 + e^-z), the same bits at every place in a tensor (`torch.sigmoid` rounds the last few differently)."""
    return 1 / (1 + torch.exp(-z))


def _quantile(uniforms: Tensor) -> Tensor:
    return torch.log(uniforms / (1 - uniforms))


def _log_density(z: Tensor) -> Tensor:
    return logsigmoid(z) + logsigmoid(-z)


LOGISTIC = Shape(
    log_cdf=logsigmoid,
    log_interval=_log_interval,
    cdf=sigmoid,
    quantile=_quantile,
    log_density=_log_density,
    entropy=2.0,
)
