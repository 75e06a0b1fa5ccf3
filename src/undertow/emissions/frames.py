"""Frames of real values, such as those of a mel spectrum, and the end of their sequence.

One step emits a frame x of M channels and a flag, 1 for the last frame of a sequence and 0 before:

    density of x = Π_m f((x_m - mean_m) / scale_m) / scale_m        f: `GaussianFrames`, `LaplaceFrames`
    P(the frame is the last) = sigmoid(stop)

A density is not a probability: it depends on the unit of x, can be above 1, and its nats can be below 0. So there are
no bits per symbol here, and no coder can use it. With a fixed scale the loss is a squared error (Gaussian) or an
absolute one (Laplace), up to a constant factor and a constant. Tacotron and its successors minimise these, and the
cross-entropy of the end (arXiv 1712.05884, §2.2).

M channels, E = M + 1 elements of a step; parameters (…, P) are M means, M log-scales unless the scale is fixed, stop.
"""

import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor
from torch.nn import functional

from undertow.config import Positive, config
from undertow.emissions.bins import SMALLEST_UNIFORM, bounded
from undertow.emissions.draw import refuse_filters
from undertow.emissions.logistic import sigmoid
from undertow.emissions.normal import LOG_DENSITY_AT_ZERO
from undertow.options import Sampling

MAX_LOG_SCALE = 5.0


@config
class FrameScales:
    """The scales of a frame's channels, in units of the frames.

    Attributes:
        scale: one fixed scale for all channels; None if the network gives each channel its own.
        initial_scale: the scale where the network's output is 0.
        least_scale: the smallest scale that a network can give; without it, the density of a channel that never moves
            would grow without bound.
    """

    scale: Positive | None = None
    initial_scale: Positive = 1.0
    least_scale: Positive = 1e-2


class FrameEmission(ABC):
    """A density of the next frame, and the probability that it is the last. It has no weights and no state.

    Attributes:
        config: the emission's own `Config`.
        num_channels: M.
        num_elements: E = M + 1.
        num_params: P, output channels of the network.
        num_uniforms: E, uniforms for one draw.
        is_density: True: bits do not apply.
    """

    config: Any
    is_density: ClassVar[Literal[True]] = True

    def __init__(self, config: Any, num_channels: int) -> None:
        self.config = config
        self.num_channels = num_channels
        self.num_elements = self.num_uniforms = num_channels + 1
        self.num_params = (1 if config.scale is not None else 2) * num_channels + 1

    @abstractmethod
    def log_density(self, z: Tensor) -> Tensor:
        """log f(z), elementwise."""

    @abstractmethod
    def tail_quantile(self, shares: Tensor) -> Tensor:
        """The z below which f has these shares, each at most a half, elementwise; f is symmetric."""

    def log_prob(self, params: Tensor, symbols: Tensor) -> Tensor:
        """Log-density of a frame plus log-probability of its flag, nats: (…, P) and (…, E) -> (…)."""
        frame, flag = self.log_probs(params, symbols)
        return frame + flag

    def log_probs(self, params: Tensor, symbols: Tensor) -> tuple[Tensor, Tensor]:
        """Log-density of a frame, and log-probability of its flag, in nats: (…, P) and (…, E) -> (…) and (…)."""
        means, log_scales, stop = self._split(params)
        frames, flags = symbols[..., :-1].to(means.dtype), symbols[..., -1].to(means.dtype)
        densities = self.log_density((frames - means) * torch.exp(-log_scales)) - log_scales
        flag = -functional.binary_cross_entropy_with_logits(stop, flags, reduction="none")
        return densities.sum(-1), flag

    def sample(self, params: Tensor, uniforms: Tensor, sampling: Sampling) -> Tensor:
        """Draw frames and flags: (…, P) and uniforms (…, E) in [0, 1) -> (…, E), in float32 at least.

        The temperature multiplies the scales and divides the flag's logit. Temperature 0 takes the means, and ends once
        the end is more probable than not. NaN parameters give NaN frames.

        Raises:
            UsageError: top-k or top-p is asked for.
        """
        refuse_filters(sampling, self.config.kind)
        means, log_scales, stop = self._split(params)
        if sampling.temperature == 0:
            return torch.cat([means, (stop > 0)[..., None].to(means.dtype)], -1)
        uniforms = uniforms.double()
        shares = uniforms[..., :-1].clamp(min=SMALLEST_UNIFORM)
        tails = self.tail_quantile(torch.minimum(shares, 1 - shares))
        quantiles = torch.where(shares < 0.5, tails, -tails)
        frames = means + sampling.temperature * torch.exp(log_scales.double()) * quantiles
        flags = uniforms[..., -1] >= sigmoid(-stop.double() / sampling.temperature)
        return torch.cat([frames, flags[..., None].to(frames.dtype)], -1).to(means.dtype)

    def _split(self, params: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Means (…, M), log-scales (…, M) and the flag's logit (…), in float32 at least."""
        params = params.to(torch.promote_types(params.dtype, torch.float32))
        means, stop = params[..., : self.num_channels], params[..., -1]
        if self.config.scale is not None:
            return means, torch.full_like(means, math.log(self.config.scale)), stop
        raw = params[..., self.num_channels : -1] + math.log(self.config.initial_scale)
        return means, bounded(raw, math.log(self.config.least_scale), MAX_LOG_SCALE), stop


class GaussianFrames(FrameEmission):
    """An independent Gaussian for each channel; with a fixed scale, the squared error."""

    @config
    class Config(FrameScales):
        """The standard deviations, in units of the frames."""

        kind: Literal["gaussian_frames"] = "gaussian_frames"

    def log_density(self, z: Tensor) -> Tensor:
        return LOG_DENSITY_AT_ZERO - z.square() / 2

    def tail_quantile(self, shares: Tensor) -> Tensor:
        return torch.special.ndtri(shares)


class LaplaceFrames(FrameEmission):
    """An independent Laplace distribution for each channel; with a fixed scale, the absolute error."""

    @config
    class Config(FrameScales):
        """The scales, in units of the frames: mean distances from the mean."""

        kind: Literal["laplace_frames"] = "laplace_frames"

    def log_density(self, z: Tensor) -> Tensor:
        return -z.abs() - math.log(2)

    def tail_quantile(self, shares: Tensor) -> Tensor:
        return torch.log(2 * shares)


def with_end(frames: Tensor, lengths: Tensor) -> Tensor:
    """Frames (B, T, M) with end flags, 1 at the last frame of each row of these lengths (B,): (B, T, M + 1)."""
    last = torch.arange(frames.shape[1], device=frames.device) == lengths[:, None] - 1
    return torch.cat([frames, last[..., None].to(frames.dtype)], -1)
