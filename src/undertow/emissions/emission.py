"""The contract of an emission: the distribution of the next symbol, given a network's output.

B batch, T time, P parameters, N symbols, E elements of a vector symbol, U uniforms a symbol needs.
"""

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor

from undertow.options import Sampling


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
