"""Categorical: one logit for each symbol (WaveNet's softmax over 256 levels, arXiv 1609.03499, §2.2).

N symbols.
"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from undertow.config import config
from undertow.emissions.draw import closed, cumulative, invert
from undertow.emissions.emission import Emission, Sampling


class Categorical(Emission):
    """Any distribution over the alphabet: N logits. A draw inverts the CDF in symbol order, in float64."""

    @config
    class Config:
        """No settings: the alphabet determines the number of logits."""

        kind: Literal["categorical"] = "categorical"

    def __init__(self, config: Config, num_symbols: int) -> None:
        self.config = config
        self.num_symbols = num_symbols
        self.num_params = num_symbols

    def log_prob(self, params: Tensor, symbols: Tensor) -> Tensor:
        """Log-probability in nats: logits (…, N) and symbols (…) -> (…)."""
        logits = params.reshape(-1, self.num_params).to(torch.promote_types(params.dtype, torch.float32))
        return functional.cross_entropy(logits, symbols.reshape(-1), reduction="none").neg().reshape(symbols.shape)

    def sample(self, params: Tensor, uniforms: Tensor, sampling: Sampling) -> Tensor:
        """Draw symbols: logits (…, N) and uniforms (…, 1) -> (…) int64.

        The temperature comes first, then top-k, then top-p of the rest; equal logits rank in symbol order.
        Temperature 0 takes the most probable symbol, the first of equal ones.
        """
        if sampling.temperature == 0:
            return params.argmax(-1).masked_fill(params.isnan().any(-1), self.num_symbols)
        return invert(cumulative(filtered(params, sampling)), uniforms.double())

    def cdf(self, params: Tensor, known: Tensor | None = None) -> Tensor:
        """Cumulative probabilities: logits (…, N) -> (…, N + 1) float64."""
        return closed(cumulative(filtered(params, Sampling())))


def filtered(logits: Tensor, sampling: Sampling) -> Tensor:
    """Float64 weights (…, N) after temperature, top-k and top-p; zero for the symbols these leave out."""
    if sampling.temperature != 1:
        logits = (logits.double() - logits.amax(-1, keepdim=True)) / sampling.temperature
    weights = torch.softmax(logits, -1, dtype=torch.float64)
    if sampling.top_k is not None or (sampling.top_p is not None and sampling.top_p < 1):
        order = torch.sort(logits, dim=-1, descending=True, stable=True).indices
        ranked = weights.gather(-1, order)
        weights = torch.zeros_like(weights).scatter(-1, order, _kept(ranked, sampling))
    return weights


def _kept(ranked: Tensor, sampling: Sampling) -> Tensor:
    """Weights in falling order; zero after the first k, and after the fewest whose sum reaches the share p."""
    if sampling.top_k is not None:
        ranked = ranked * (torch.arange(ranked.shape[-1], device=ranked.device) < sampling.top_k)
    if sampling.top_p is not None and sampling.top_p < 1:
        before = closed(cumulative(ranked))[..., :-1]
        ranked = ranked * (before < sampling.top_p)
    return ranked
