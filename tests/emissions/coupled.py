"""A toy of an emission whose elements depend on each other in order, as the colours of PixelCNN++ do.

N symbols, E elements of a vector symbol.
"""

from typing import Literal

import torch
from torch import Tensor

from undertow.config import config
from undertow.emissions import Emission, Sampling
from undertow.emissions.draw import closed, cumulative, draw_elements, refuse_filters


class Coupled(Emission):
    """Element e has logits a_e + (x_{e-1} / N) · b; parameters (…, E N + N) are the a_e, then b."""

    @config
    class Config:
        kind: Literal["coupled"] = "coupled"
        num_elements: int = 3

    def __init__(self, config: Config, num_symbols: int) -> None:
        self.config = config
        self.num_symbols = num_symbols
        self.num_elements = self.num_uniforms = config.num_elements
        self.num_params = (config.num_elements + 1) * num_symbols

    def log_prob(self, params: Tensor, symbols: Tensor) -> Tensor:
        params = params.to(torch.promote_types(params.dtype, torch.float32))
        total = torch.zeros(symbols.shape[:-1]).to(params)
        for element in range(self.num_elements):
            log_probs = self._logits(params, symbols[..., :element]).log_softmax(-1)
            total = total + log_probs.gather(-1, symbols[..., element, None])[..., 0]
        return total

    def sample(self, params: Tensor, uniforms: Tensor, sampling: Sampling) -> Tensor:
        refuse_filters(sampling, "coupled")
        if sampling.temperature == 0:
            return draw_elements(lambda known: self._most_probable(params, known), uniforms)
        scaled = params.double() / sampling.temperature
        return draw_elements(lambda known: self.cdf(scaled, known), uniforms)

    def cdf(self, params: Tensor, known: Tensor | None = None) -> Tensor:
        known = torch.zeros(*params.shape[:-1], 0).long() if known is None else known
        return closed(cumulative(self._logits(params.double(), known).softmax(-1)))

    def _most_probable(self, params: Tensor, known: Tensor) -> Tensor:
        logits = self._logits(params, known)
        weights = torch.nn.functional.one_hot(logits.argmax(-1), self.num_symbols).double()
        return closed(cumulative(weights.masked_fill(logits.isnan().any(-1, keepdim=True), torch.nan)))

    def _logits(self, params: Tensor, known: Tensor) -> Tensor:
        own, coupling = params.split([self.num_elements * self.num_symbols, self.num_symbols], dim=-1)
        own = own.unflatten(-1, (self.num_elements, -1))[..., known.shape[-1], :]
        return own if not known.shape[-1] else own + known[..., -1:] / self.num_symbols * coupling
