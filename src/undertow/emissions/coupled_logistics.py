"""Colour as a mixture of logistics whose channels are coupled (PixelCNN++, arXiv 1701.05517, §2.2).

One component serves a whole pixel; within it, the mean of a channel moves with the channels before it:

    μ_G + tanh(c_0) x_R        μ_B + tanh(c_1) x_R + tanh(c_2) x_G        x in [-1, 1]

K components, N symbols, E = 3 channels. Parameters (…, 10K) are K logits; then for each channel K means; then K
log-scales; then for each of c_0, c_1, c_2 K numbers.
"""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from undertow.config import NonNegative, Positive, Width, config
from undertow.emissions.bins import Bins
from undertow.emissions.draw import closed, cumulative, invert, refuse_filters
from undertow.emissions.emission import Emission, Sampling
from undertow.emissions.logistic import LOGISTIC

CHANNELS = 3


class CoupledLogistics(Emission):
    """K components, each of three logistics cut into the alphabet's bins: probabilities of whole pixels.

    A draw takes a component, then the quantiles of red, green and blue, each cut to its bin before the next. The
    temperature multiplies the scales and does not change the components' weights; 0 takes the bins of the heaviest
    component's means.
    """

    @config
    class Config:
        """The mixture's size and the range of its scales, as of `mixture_of_logistics`; at first they are wide."""

        kind: Literal["coupled_logistics"] = "coupled_logistics"
        num_components: Width = 10
        initial_scale: Annotated[Positive, Field(le=1)] = 0.3
        scale_margin: Annotated[NonNegative, Field(le=10)] = 3.0

    num_elements = CHANNELS
    num_uniforms = 1 + CHANNELS

    def __init__(self, config: Config, num_symbols: int) -> None:
        self.config = config
        self.num_symbols = num_symbols
        self.num_params = (1 + 3 * CHANNELS) * config.num_components
        self.bins = Bins(LOGISTIC, num_symbols, config.initial_scale, config.scale_margin)

    def log_prob(self, params: Tensor, symbols: Tensor) -> Tensor:
        """Log-probability of a whole pixel in nats: (…, 10K) and (…, 3) -> (…)."""
        params = params.to(torch.promote_types(params.dtype, torch.float32))
        return torch.logsumexp(self._joint(params, symbols), -1)

    def sample(self, params: Tensor, uniforms: Tensor, sampling: Sampling) -> Tensor:
        """Draw pixels: (…, 10K) and uniforms (…, 4), one for the component and one for each channel, -> (…, 3) int64.

        Raises:
            UsageError: top-k or top-p is asked for.
        """
        refuse_filters(sampling, "coupled_logistics")
        logits, *parts = self._parts(params.double())
        if sampling.temperature == 0:
            component = logits.argmax(-1)
        else:
            component = invert(cumulative(torch.softmax(logits, -1)), uniforms[..., :1].double())
        component = component.clamp(max=logits.shape[-1] - 1)[..., None, None].expand(*logits.shape[:-1], CHANNELS, 1)
        means, log_scales, couplings = (part.gather(-1, component) for part in parts)
        drawn = uniforms[..., :0].long()
        for channel in range(CHANNELS):
            mean = self._mean(means, couplings, drawn)[..., 0]
            uniform = uniforms[..., 1 + channel]
            symbol = self.bins.draw(mean, log_scales[..., channel, 0], uniform, sampling.temperature)
            drawn = torch.cat([drawn, symbol[..., None]], dim=-1)
        return drawn.masked_fill(params.isnan().any(-1, keepdim=True), self.num_symbols)

    def cdf(self, params: Tensor, known: Tensor | None = None) -> Tensor:
        """Cumulative probabilities of a channel, given those before it: (…, 10K) -> (…, N + 1) float64.

        What is known changes the components' weights: each is multiplied with what it gave to the known channels.
        """
        params = params.double()
        known = params[..., :0].long() if known is None else known
        _, means, log_scales, couplings = self._parts(params)
        weights = torch.softmax(self._joint(params, known), -1)
        mean, log_scale = self._mean(means, couplings, known), log_scales[..., known.shape[-1], :]
        upper = torch.zeros(1, dtype=torch.float64, device=params.device)
        for one in zip(*(x.unbind(-1) for x in (weights, mean, log_scale)), strict=True):
            upper = upper + one[0][..., None] * self.bins.cdf(one[1], one[2])
        return closed(upper / upper[..., -1:])

    def _parts(self, params: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Logits (…, K), and means, log-scales and couplings (…, 3, K)."""
        logits, rest = params.tensor_split([self.config.num_components], -1)
        means, log_scales, couplings = rest.unflatten(-1, (3, CHANNELS, -1)).unbind(-3)
        return logits, means, log_scales, couplings

    def _joint(self, params: Tensor, known: Tensor) -> Tensor:
        """log of each component's weight times what it gives to the known channels (…, e): (…, K)."""
        logits, means, log_scales, couplings = self._parts(params)
        joint = torch.log_softmax(logits, -1)
        for channel in range(known.shape[-1]):
            mean = self._mean(means, couplings, known[..., :channel])
            joint = joint + self.bins.log_prob(mean, log_scales[..., channel, :], known[..., channel, None])
        return joint

    def _mean(self, means: Tensor, couplings: Tensor, known: Tensor) -> Tensor:
        """The components' means (…, K) of the channel after the known ones (…, e)."""
        channel = known.shape[-1]
        mean = means[..., channel, :]
        first = channel * (channel - 1) // 2
        values = (2 * known + 1 - self.num_symbols).to(means.dtype) / self.num_symbols
        for place in range(channel):
            mean = mean + torch.tanh(couplings[..., first + place, :]) * values[..., place, None]
        return mean
