"""The contract of an emission: the distribution of the next symbol, given a network's output.

B batch, T time, P parameters, N symbols, E elements of a vector symbol, U uniforms a symbol needs.
"""

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor

from undertow.config import config
from undertow.errors import UsageError


@config
class Sampling:
    """How to draw from an emission: the distribution itself by default.

    `temperature` sharpens (< 1) or flattens (> 1); 0 takes the most probable symbol. `top_k` keeps the k most probable
    symbols, `top_p` the fewest whose probability reaches p; both are for categorical emissions.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < float("inf"):
            raise UsageError(f"temperature is {self.temperature}; it must be zero or more")
        if self.top_k is not None and self.top_k < 1:
            raise UsageError(f"top_k is {self.top_k}; it must be 1 or more")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise UsageError(f"top_p is {self.top_p}; it must be above 0 and at most 1")


class Emission(ABC):
    """A distribution over an alphabet's symbols 0 … num_symbols - 1. It has no weights and no state.

    Attributes:
        config: the emission's own `Config`.
        num_symbols: size of the alphabet.
        num_params: P, channels the network must put out a step.
        num_uniforms: U, uniforms one draw consumes.
    """

    config: Any
    num_symbols: int
    num_params: int
    num_uniforms: int = 1

    @abstractmethod
    def log_prob(self, params: Tensor, symbols: Tensor) -> Tensor:
        """Log-probability in nats: (…, P) and (…) -> (…)."""

    @abstractmethod
    def sample(self, params: Tensor, uniforms: Tensor, sampling: Sampling) -> Tensor:
        """Draw symbols from supplied uniforms in [0, 1): (…, P) and (…, U) -> (…) int64.

        Parameters that are not a number give N, which no alphabet decodes.

        Raises:
            UsageError: the emission cannot be drawn from in that way.
        """

    @abstractmethod
    def cdf(self, params: Tensor) -> Tensor:
        """Cumulative probabilities (…, N + 1), float64, from 0 to exactly 1, never falling: what a coder needs."""
