"""A set of independent Bernoullis: the notes of a chord, the pixels of a binary image (one step emits a vector).

E elements of a vector symbol.
"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from undertow.config import Width, config
from undertow.emissions.draw import closed, refuse_filters
from undertow.emissions.emission import Emission, Sampling
from undertow.emissions.logistic import sigmoid
from undertow.errors import UsageError, counted


class Bernoulli(Emission):
    """E independent symbols in {0, 1}, each with one logit and one uniform."""

    @config
    class Config:
        """`num_elements`: E, symbols of one step (88 keys of a piano)."""

        kind: Literal["bernoulli"] = "bernoulli"
        num_elements: Width = 88

    def __init__(self, config: Config, num_symbols: int = 2) -> None:
        if num_symbols != 2:
            raise UsageError(f"the alphabet has {counted(num_symbols, 'symbol')}, but a bernoulli emission needs 2")
        self.config = config
        self.num_symbols = num_symbols
        self.num_params = config.num_elements
        self.num_elements = config.num_elements
        self.num_uniforms = config.num_elements

    def log_prob(self, params: Tensor, symbols: Tensor) -> Tensor:
        """Log-probability of a whole vector in nats: logits (…, E) and symbols (…, E) -> (…)."""
        loss = functional.binary_cross_entropy_with_logits(params, symbols.to(params.dtype), reduction="none")
        return -loss.sum(-1)

    def sample(self, params: Tensor, uniforms: Tensor, sampling: Sampling) -> Tensor:
        """Draw vectors: logits (…, E) and uniforms (…, E) -> (…, E) int64; temperature divides the logits.

        All elements at once, since they are independent; `draw_elements` would give the same one by one.

        Raises:
            UsageError: top-k or top-p is asked for.
        """
        refuse_filters(sampling, "bernoulli")
        if sampling.temperature == 0:
            drawn = params > 0
        else:
            drawn = uniforms.double() >= sigmoid(-params.double() / sampling.temperature)
        return drawn.long().masked_fill(params.isnan(), self.num_symbols)

    def cdf(self, params: Tensor, known: Tensor | None = None) -> Tensor:
        """Cumulative probabilities of element e: logits (…, E), and `known` (…, e), -> (…, 3) float64."""
        element = 0 if known is None else known.shape[-1]
        zero = sigmoid(-params[..., element].double())
        return closed(torch.stack([zero, torch.ones_like(zero)], -1))
