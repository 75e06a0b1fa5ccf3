"""The distance of a student's distribution from its teacher's, KL(S ‖ T), at each step.

Parallel WaveNet (arXiv 1711.10433, §3.2) draws x_t anew several times: KL = H(S, T) - H(S). ClariNet (arXiv 1807.07281,
§3.3) has a closed form for two Gaussians, with a regulariser. Both need the teacher's parameters at one sound only,
and gradients pass through them to that sound.

B batch, T time, P parameters of the teacher's distribution, R redraws.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from undertow.distillation.config import DistillationConfig
from undertow.emissions import Gaussian
from undertow.emissions.base_noise import BaseNoise, draw_uniforms
from undertow.emissions.continuous import Continuous


class Divergence(NamedTuple):
    """At each step, (B, T) in nats.

    Attributes:
        kl: KL(S ‖ T).
        penalty: the regulariser with its weight; 0 without one.
    """

    kl: Tensor
    penalty: Tensor


def divergence(
    mean: Tensor,
    log_scale: Tensor,
    base: BaseNoise,
    teacher: Continuous,
    params: Tensor,
    settings: DistillationConfig,
    generator: torch.Generator | None = None,
) -> Divergence:
    """The distance of a student with means and log-scales (B, T) from a teacher with parameters (B, T, P).

    Args:
        generator: of the redraws; None: torch's own.
    """
    if isinstance(teacher, Gaussian) and base.kind == "gaussian":
        means, log_scales = teacher.bins.locate(*params.unbind(-1))
        kl = gaussian_kl(mean, log_scale, means, log_scales, settings.least_log_scale)
        return Divergence(kl, settings.regulariser * (log_scales - log_scale).square())
    crossed = cross_entropy(
        mean, log_scale, base, teacher, params, settings.redraws, settings.least_log_scale_of_teacher, generator
    )
    return Divergence(crossed - base.entropy(log_scale), torch.zeros_like(crossed))


def gaussian_kl(mean: Tensor, log_scale: Tensor, means: Tensor, log_scales: Tensor, least: float) -> Tensor:
    """log(σ_p / σ_q) + (σ_q² - σ_p² + (μ_p - μ_q)²) / (2 σ_p²), of q = N(mean, e^log_scale) from p.

    Args:
        means, log_scales: of p.
        least: smaller log-scales, of either, count as this one.
    """
    log_scale, log_scales = log_scale.clamp(min=least), log_scales.clamp(min=least)
    ratio = torch.exp(2 * (log_scale - log_scales))
    distance = ((means - mean) * torch.exp(-log_scales)).square()
    return log_scales - log_scale + (ratio - 1 + distance) / 2


def cross_entropy(
    mean: Tensor,
    log_scale: Tensor,
    base: BaseNoise,
    teacher: Continuous,
    params: Tensor,
    redraws: int,
    least: float,
    generator: torch.Generator | None = None,
) -> Tensor:
    """H(S, T) = -E log p_T(x_t | x_<t) with x_t drawn anew from the student's distribution `redraws` times: (B, T).

    The redraws are spread over the distribution: one in each of R equal shares of its probability.
    """
    shares = torch.arange(redraws, dtype=torch.float64, device=mean.device)
    drawn = draw_uniforms(mean[..., None].expand(*mean.shape, redraws), generator)
    uniforms = ((shares + drawn) / redraws).clamp(max=1 - 2**-53)
    drawn = mean[..., None] + torch.exp(log_scale)[..., None] * base.quantile(uniforms).to(mean.dtype)
    return -teacher.log_density(params[..., None, :], drawn, least).mean(dim=-1)
