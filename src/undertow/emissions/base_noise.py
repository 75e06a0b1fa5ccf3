"""The noise that flows begin with: one real number a step, from one uniform.

Leading dimensions are free.
"""

import torch
from torch import Tensor

from undertow.emissions.bins import SMALLEST_UNIFORM
from undertow.emissions.draw import refuse_filters
from undertow.emissions.emission import Sampling
from undertow.emissions.logistic import LOGISTIC
from undertow.emissions.normal import NORMAL

BASES = {"logistic": LOGISTIC, "gaussian": NORMAL}


class BaseNoise:
    """z of mean 0 and scale 1, from a "logistic" or "gaussian" distribution.

    Attributes:
        shape: the distribution.
        num_params: 0, it depends on nothing.
        num_uniforms: 1.
    """

    num_params = 0
    num_uniforms = 1

    def __init__(self, kind: str) -> None:
        self.kind, self.shape = kind, BASES[kind]

    def sample(self, params: Tensor, uniforms: Tensor, sampling: Sampling) -> Tensor:
        """Noise (…) float64 of uniforms (…, 1); the temperature multiplies it. `params` (…, 0) are empty.

        Raises:
            UsageError: top-k or top-p is asked for.
        """
        refuse_filters(sampling, f"{self.kind} base")
        return sampling.temperature * self.quantile(uniforms.squeeze(-1))

    def quantile(self, uniforms: Tensor) -> Tensor:
        """Noise (…) float64 of uniforms (…) in [0, 1); a uniform of exactly 0 counts as 2^-54."""
        noise: Tensor = self.shape.quantile(uniforms.double().clamp(min=SMALLEST_UNIFORM))
        return noise

    def entropy(self, log_scale: Tensor) -> Tensor:
        """Nats of the density with this log-scale."""
        return log_scale + self.shape.entropy


def draw_uniforms(like: Tensor, generator: torch.Generator | None) -> Tensor:
    """Uniforms in [0, 1), float64 of a tensor's shape and on its device."""
    return torch.rand(like.shape, dtype=torch.float64, device=like.device, generator=generator)
