"""One Gaussian, cut into the alphabet's bins (ClariNet, arXiv 1807.07281, §3.1, which uses its density instead).

N symbols; parameters (…, 2) are the mean and the log standard deviation.
"""

from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor

from undertow.config import Number, Positive, PowerOfTwo, config
from undertow.emissions.bins import Bins
from undertow.emissions.continuous import Continuous
from undertow.emissions.draw import closed, refuse_filters
from undertow.emissions.emission import Sampling
from undertow.emissions.normal import NORMAL


class Gaussian(Continuous):
    """A Gaussian over an alphabet of any bit depth. A draw is the bin of a normal quantile.

    The temperature multiplies the standard deviation; 0 takes the bin of the mean.
    """

    @config
    class Config:
        """The range of the standard deviation.

        `initial_scale` is the standard deviation where the network's output is 0, in units of the signal's range
        [-1, 1] (a bin's width if that is larger). `scale_margin` sets the floor of its logarithm to
        log(bin width) - scale_margin. Below 0 the floor is above a bin's width: a mean that is wrong by many bins then
        has no huge gradient, but silence costs more. ClariNet's floor of -7 is -3.4 here, with 16 bits.
        `mean_scale`, a power of two, is what the network's last layer makes of a mean of 1. An optimiser's steps are as
        large for means as for other numbers, and with quiet sound that is too large.
        """

        kind: Literal["gaussian"] = "gaussian"
        initial_scale: Annotated[Positive, Field(le=1)] = 0.1
        scale_margin: Annotated[float, Field(ge=-10, le=10), Number] = 3.0
        mean_scale: PowerOfTwo = 1.0

    num_params = 2
    means, log_scales = slice(0, 1), slice(1, 2)

    def __init__(self, config: Config, num_symbols: int) -> None:
        self.config = config
        self.num_symbols = num_symbols
        self.bins = Bins(NORMAL, num_symbols, config.initial_scale, config.scale_margin)

    def log_prob(self, params: Tensor, symbols: Tensor) -> Tensor:
        """Log-probability in nats: (…, 2) and (…) -> (…)."""
        mean, log_scale = params.unbind(-1)
        return self.bins.log_prob(mean, log_scale, symbols)

    def log_density(self, params: Tensor, signal: Tensor, least_log_scale: float) -> Tensor:
        """Log-density in nats of real samples: (…, 2) and (…) -> (…)."""
        mean, log_scale = params.unbind(-1)
        return self.bins.log_density(mean, log_scale, signal, least_log_scale)

    def sample(self, params: Tensor, uniforms: Tensor, sampling: Sampling) -> Tensor:
        """Draw symbols: (…, 2) and uniforms (…, 1) -> (…) int64.

        Raises:
            UsageError: top-k or top-p is asked for.
        """
        refuse_filters(sampling, "gaussian")
        mean, log_scale = params.unbind(-1)
        return self.bins.draw(mean, log_scale, uniforms.squeeze(-1), sampling.temperature)

    def cdf(self, params: Tensor, known: Tensor | None = None) -> Tensor:
        """Cumulative probabilities: (…, 2) -> (…, N + 1) float64."""
        mean, log_scale = params.unbind(-1)
        return closed(self.bins.cdf(mean, log_scale))
