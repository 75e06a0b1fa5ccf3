"""The emissions that the shared checks run over, and parameters to run them at.

B rows of parameters, P parameters, N symbols, M outcomes of one step, E elements of a vector symbol.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from tests.emissions.coupled import Coupled
from undertow.emissions import (
    EMISSIONS,
    Bernoulli,
    Categorical,
    CoupledLogistics,
    Emission,
    Gaussian,
    MixtureOfGaussians,
    MixtureOfLogistics,
)

EVERY = EMISSIONS | {"coupled": Coupled}


@dataclass(frozen=True)
class Case:
    """An emission's config over an alphabet of some size; `num_elements` where one step emits a vector."""

    config: Any
    num_symbols: int
    num_elements: int | None = field(default=None)

    @property
    def emission(self) -> Emission:
        return EVERY[self.config.kind](self.config, self.num_symbols)

    @property
    def name(self) -> str:
        return f"{self.config.kind}-{self.num_symbols}"

    def outcomes(self) -> Tensor:
        """Every outcome of one step: (M,), or (M, E)."""
        symbols = torch.arange(self.num_symbols)
        return symbols if self.num_elements is None else torch.cartesian_prod(*[symbols] * self.num_elements)

    def prefixes(self) -> Iterator[Tensor]:
        """What may be known of a step: (M', e) of every e below E; of a single symbol, (1, 0) alone."""
        yield torch.zeros(1, 0).long()
        for size in range(1, self.num_elements or 1):
            yield self.outcomes()[:, :size].unique(dim=0)

    def probabilities(self, params: Tensor) -> Tensor:
        """exp(log_prob) of every outcome: (B, P) -> (B, M)."""
        outcomes = self.outcomes()
        outcomes = outcomes.expand(len(params), *outcomes.shape)
        return self.emission.log_prob(params[:, None].expand(-1, outcomes.shape[1], -1), outcomes).exp()


CASES = [
    *(Case(Categorical.Config(), n) for n in (2, 5, 256)),
    *(Case(MixtureOfLogistics.Config(num_components=3), n) for n in (2, 3, 256, 65536)),
    *(Case(Gaussian.Config(), n) for n in (2, 3, 256, 65536)),
    *(Case(MixtureOfGaussians.Config(num_components=3), n) for n in (2, 3, 256, 65536)),
    Case(Bernoulli.Config(num_elements=3), 2, num_elements=3),
    Case(CoupledLogistics.Config(num_components=3), 3, num_elements=3),
    Case(Coupled.Config(num_elements=3), 4, num_elements=3),
]


def ordinary(emission: Emission, rows: int = 6, dtype: torch.dtype = torch.float64) -> Tensor:
    """Parameters (B, P) such as a network puts out."""
    return torch.randn(rows, emission.num_params, generator=torch.Generator().manual_seed(1)).to(dtype)


def extreme(emission: Emission, dtype: torch.dtype = torch.float64) -> Tensor:
    """Parameters (B, P) such as a network in trouble puts out: zeros, and mixed and equal signs up to ±1e4."""
    rows = [torch.zeros(1, emission.num_params), *(torch.full((1, emission.num_params), x) for x in (1e4, -1e4))]
    rows += [scale * ordinary(emission, 3, torch.float32).sign() for scale in (10.0, 100.0, 1e4)]
    return torch.cat([*rows, 30 * ordinary(emission, 3, torch.float32)]).to(dtype)


def stratified(emission: Emission, count: int) -> Tensor:
    """Uniforms (count, U) in [0, 1), spread evenly: slices of one axis, or rotations by irrationals (Kronecker)."""
    steps = torch.arange(count, dtype=torch.float64)[:, None]
    if emission.num_uniforms == 1:
        return (steps + 0.5) / count
    turns = torch.tensor([2.0, 3.0, 5.0, 7.0], dtype=torch.float64).sqrt()[: emission.num_uniforms]
    return torch.frac(0.5 + steps * turns)
