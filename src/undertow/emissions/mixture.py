"""Mixtures of a symmetric distribution, cut into the alphabet's bins.

K components, N symbols; parameters (…, 3K) are K logits, K means and K log-scales, in that order.
"""

from typing import Any, ClassVar

import torch
from torch import Tensor

from undertow.emissions.bins import Bins, Shape
from undertow.emissions.continuous import Continuous
from undertow.emissions.draw import closed, cumulative, invert, refuse_filters
from undertow.emissions.emission import Sampling


class BinnedMixture(Continuous):
    """Σ_k w_k · (probability of the symbol's bin under component k). A draw takes a component, then its quantile.

    The temperature multiplies the components' scales and does not change their weights; 0 takes the bin of the
    heaviest component's mean.

    Attributes:
        shape: the components' distribution.
    """

    shape: ClassVar[Shape]
    num_uniforms = 2

    def __init__(self, config: Any, num_symbols: int) -> None:
        self.config = config
        self.num_symbols = num_symbols
        self.num_params = 3 * config.num_components
        count = config.num_components
        self.means, self.log_scales = slice(count, 2 * count), slice(2 * count, 3 * count)
        self.bins = Bins(self.shape, num_symbols, config.initial_scale, config.scale_margin)

    def log_prob(self, params: Tensor, symbols: Tensor) -> Tensor:
        """Log-probability in nats: (…, 3K) and (…) -> (…)."""
        logits, means, log_scales = params.chunk(3, -1)
        components = self.bins.log_prob(means, log_scales, symbols[..., None])
        return torch.logsumexp(torch.log_softmax(logits.to(components.dtype), -1) + components, -1)

    def log_density(self, params: Tensor, signal: Tensor, least_log_scale: float) -> Tensor:
        """Log-density in nats of real samples: (…, 3K) and (…) -> (…)."""
        logits, means, log_scales = params.chunk(3, -1)
        components = self.bins.log_density(means, log_scales, signal[..., None], least_log_scale)
        return torch.logsumexp(torch.log_softmax(logits.to(components.dtype), -1) + components, -1)

    def sample(self, params: Tensor, uniforms: Tensor, sampling: Sampling) -> Tensor:
        """Draw symbols: (…, 3K) and uniforms (…, 2), one for the component and one for its quantile, -> (…) int64.

        Raises:
            UsageError: top-k or top-p is asked for.
        """
        refuse_filters(sampling, self.config.kind)
        logits, means, log_scales = params.chunk(3, -1)
        if sampling.temperature == 0:
            component = logits.argmax(-1)
        else:
            component = invert(cumulative(torch.softmax(logits, -1, dtype=torch.float64)), uniforms[..., :1].double())
        component = component.clamp(max=logits.shape[-1] - 1)
        mean, log_scale = (x.gather(-1, component[..., None]).squeeze(-1) for x in (means, log_scales))
        mean = mean.masked_fill(logits.isnan().any(-1), float("nan"))
        return self.bins.draw(mean, log_scale, uniforms[..., 1], sampling.temperature)

    def cdf(self, params: Tensor, known: Tensor | None = None) -> Tensor:
        """Cumulative probabilities: (…, 3K) -> (…, N + 1) float64."""
        logits, means, log_scales = params.chunk(3, -1)
        weights = torch.softmax(logits, -1, dtype=torch.float64)
        upper = torch.zeros(1, dtype=torch.float64, device=params.device)
        for weight, mean, log_scale in zip(*(x.unbind(-1) for x in (weights, means, log_scales)), strict=True):
            upper = upper + weight[..., None] * self.bins.cdf(mean, log_scale)
        return closed(upper / upper[..., -1:])
