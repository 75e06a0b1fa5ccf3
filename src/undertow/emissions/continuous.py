"""Emissions that cut a continuous density into the alphabet's bins, and so know the density too.

N symbols, P parameters; leading dimensions are free.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from undertow.emissions.bins import Bins
from undertow.emissions.emission import Emission


class Continuous(Emission, ABC):
    """A distribution of real samples in [-1, 1]; a symbol is one of N equal bins.

    Attributes:
        bins: the bins, and the shape of the density.
        means, log_scales: where they are among the parameters.
    """

    bins: Bins
    means: slice
    log_scales: slice

    @property
    def param_scales(self) -> Tensor | None:
        """The config's `mean_scale` of means, and 1 of others."""
        if self.config.mean_scale == 1:
            return None
        scales = torch.ones(self.num_params)
        scales[self.means] = self.config.mean_scale
        return scales

    @abstractmethod
    def log_density(self, params: Tensor, signal: Tensor, least_log_scale: float) -> Tensor:
        """Log-density in nats of real samples: (…, P) and (…) -> (…); see `Bins.log_density`."""
