"""A continuous distribution cut into the alphabet's bins, so that it has probabilities instead of densities.

The N symbols share [-1, 1] in equal bins, symbol q's centred at (2q + 1) / N - 1. The first and the last bin reach to
infinity (PixelCNN++, arXiv 1701.05517, §2.1), so the probabilities sum to one for any parameters.

N symbols; leading dimensions are free.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

MEAN_BOUND = 2.0
MAX_LOG_SCALE = 2.0
SMALLEST_UNIFORM = 2.0**-54


@dataclass(frozen=True)
class Shape:
    """A symmetric distribution of mean 0 and scale 1.

    Attributes:
        log_cdf: log F(z), accurate in both tails.
        log_interval: (m, h) -> log(F(m + h) - F(m - h)), accurate for any m and any h > 0.
        cdf: F(z).
        quantile: the inverse of F.
        log_density: log F'(z).
        entropy: -∫ F'(z) log F'(z) dz, in nats.
    """

    log_cdf: Callable[[Tensor], Tensor]
    log_interval: Callable[[Tensor, Tensor], Tensor]
    cdf: Callable[[Tensor], Tensor]
    quantile: Callable[[Tensor], Tensor]
    log_density: Callable[[Tensor], Tensor]
    entropy: float


@dataclass(frozen=True)
class Bins:
    """The bins of an alphabet under one shape.

    The first raw parameter is the mean, in units of the signal's range [-1, 1]. The second gives the log of the scale:
    at 0 the scale is `initial_scale`, or a bin's width if that is larger. The scale never falls below a bin's width
    times e^-scale_margin. Both are also bounded far out, where more would change nothing (`bounded`).

    Attributes:
        shape: the continuous distribution.
        num_symbols: N.
        initial_scale: scale at a raw parameter of 0, in units of the signal.
        scale_margin: how far below a bin's width the scale may fall, in nats.
    """

    shape: Shape
    num_symbols: int
    initial_scale: float
    scale_margin: float

    def locate(self, means: Tensor, log_scales: Tensor) -> tuple[Tensor, Tensor]:
        """Raw parameters to bounded means and log-scales, at least in float32."""
        means, log_scales = (x if x.dtype == torch.float64 else x.float() for x in (means, log_scales))
        width = 2 / self.num_symbols
        log_scales = log_scales + math.log(max(self.initial_scale, width))
        floor = math.log(width) - self.scale_margin
        return bounded(means, -MEAN_BOUND, MEAN_BOUND), bounded(log_scales, floor, MAX_LOG_SCALE)

    def log_prob(self, means: Tensor, log_scales: Tensor, symbols: Tensor) -> Tensor:
        """Log-probability in nats of each symbol's bin; raw parameters and symbols of shapes that broadcast."""
        means, log_scales = self.locate(means, log_scales)
        centre = (2 * symbols + (1 - self.num_symbols)).to(means.dtype) / self.num_symbols
        precision = torch.exp(-log_scales)
        middle, half = (centre - means) * precision, precision / self.num_symbols
        first, last = symbols == 0, symbols == self.num_symbols - 1
        edge = self.shape.log_cdf(torch.where(first, middle + half, half - middle))
        return torch.where(first | last, edge, self.shape.log_interval(middle, half))

    def log_density(self, means: Tensor, log_scales: Tensor, signal: Tensor, least_log_scale: float) -> Tensor:
        """Log-density in nats of real samples in [-1, 1] before they are cut into bins; shapes that broadcast.

        Args:
            means, log_scales: raw parameters.
            least_log_scale: smaller log-scales count as this one, so that silence has no density without bound.
        """
        means, log_scales = self.locate(means, log_scales)
        log_scales = log_scales.clamp(min=least_log_scale)
        return self.shape.log_density((signal - means) * torch.exp(-log_scales)) - log_scales

    def cdf(self, means: Tensor, log_scales: Tensor) -> Tensor:
        """Probability below each upper edge: raw parameters (…) -> (…, N) float64, the last exactly 1.

        A running maximum keeps it monotone even if a machine's functions are not, to the last bit.
        """
        means, log_scales = self.locate(means.double(), log_scales.double())
        edges = torch.arange(2 - self.num_symbols, self.num_symbols, 2, device=means.device).double() / self.num_symbols
        inner = self.shape.cdf((edges - means[..., None]) * torch.exp(-log_scales)[..., None])
        return torch.cat([inner, torch.ones_like(means)[..., None]], -1).cummax(-1).values

    def draw(self, means: Tensor, log_scales: Tensor, uniforms: Tensor, temperature: float) -> Tensor:
        """The bins of the quantiles of `uniforms`, in float64, with the scale times the temperature; all (…).

        A uniform of exactly 0 counts as 2^-54, so that no draw is infinite. NaN gives N, which no alphabet decodes.
        """
        means, log_scales = self.locate(means.double(), log_scales.double())
        quantile = self.shape.quantile(uniforms.double().clamp(min=SMALLEST_UNIFORM))
        signal = means + temperature * torch.exp(log_scales) * quantile
        symbols = ((signal + 1) * (self.num_symbols / 2)).floor().clamp(0, self.num_symbols - 1)
        return symbols.nan_to_num(nan=self.num_symbols).long()


class _Bounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, low: float, high: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.bounds = low, high
        return x.clamp(low, high)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (x,) = ctx.saved_tensors
        low, high = ctx.bounds
        outward = ((x < low) & (gradient > 0)) | ((x > high) & (gradient < 0))
        return gradient.masked_fill(outward, 0.0), None, None


def bounded(x: Tensor, low: float, high: float) -> Tensor:
    """Clamp whose gradient still passes if it leads back inside.

    With a plain clamp, a parameter that strayed outside would stay there for ever.
    """
    return _Bounded.apply(x, low, high)
