"""The contract of an emission: the distribution of the next symbol, given a network's output.

B batch, T time, P parameters, N symbols, E elements of a vector symbol, U uniforms for one symbol.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

from torch import Tensor

from undertow.options import Sampling


class Emission(ABC):
    """A distribution over an alphabet's symbols 0 … num_symbols - 1. It has no weights and no state.

    One step emits a symbol, or a vector of E symbols. The elements of a vector come in order, and each may depend on
    those before it: p(x) = Π_e p(x_e | x_1 … x_{e-1}). Independent elements are the special case.

    Attributes:
        config: the emission's own `Config`.
        num_symbols: size of the alphabet.
        num_params: P, output channels of the network.
        num_uniforms: U, uniforms for one draw.
        num_elements: E, if one step emits a vector; None for a single symbol.
        is_density: False: these are probabilities, which a coder can use and bits can measure. Compare
            `undertow.emissions.frames`.
    """

    config: Any
    num_symbols: int
    num_params: int
    num_uniforms: int = 1
    num_elements: int | None = None
    is_density: ClassVar[Literal[False]] = False

    @property
    def param_scales(self) -> Tensor | None:
        """(P,) powers of two by which the network's last layer makes its numbers smaller; None of most emissions."""
        return None

    @abstractmethod
    def log_prob(self, params: Tensor, symbols: Tensor) -> Tensor:
        """Log-probability in nats: (…, P) and symbols (…), or whole vectors (…, E), -> (…)."""

    @abstractmethod
    def sample(self, params: Tensor, uniforms: Tensor, sampling: Sampling) -> Tensor:
        """Draw symbols from supplied uniforms in [0, 1): (…, P) and (…, U) -> (…), or vectors (…, E), int64.

        NaN parameters give N, which no alphabet decodes. The elements of a vector are drawn in order: see
        `undertow.emissions.draw.draw_elements`.

        Raises:
            UsageError: the emission does not support these options.
        """

    @abstractmethod
    def cdf(self, params: Tensor, known: Tensor | None = None) -> Tensor:
        """Cumulative probabilities of one symbol, for a coder: (…, P) -> (…, N + 1) float64.

        They rise from 0 to exactly 1 and never fall. For a vector they are those of element e, given the e elements
        before it: `known` (…, e) int64, e below E; None for the first element and for single symbols.
        """
