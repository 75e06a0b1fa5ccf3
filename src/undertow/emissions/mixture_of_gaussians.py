"""Mixture of Gaussians, cut into the alphabet's bins (mixture density network, Bishop 1994, made discrete).

K components, N symbols; parameters (…, 3K) are K logits, K means and K log standard deviations, in that order.
"""

from typing import Annotated, Literal

from pydantic import Field

from undertow.config import NonNegative, Positive, PowerOfTwo, Width, config
from undertow.emissions.mixture import BinnedMixture
from undertow.emissions.normal import NORMAL


class MixtureOfGaussians(BinnedMixture):
    """K Gaussians over an alphabet of any bit depth, their bins integrated."""

    shape = NORMAL

    @config
    class Config:
        """The mixture's size and the range of its scales.

        `initial_scale` is a component's standard deviation where the network's output is 0, in units of the signal's
        range [-1, 1] (a bin's width if that is larger). `scale_margin` sets the floor of its logarithm to
        log(bin width) - scale_margin. `mean_scale` is that of `gaussian`.
        """

        kind: Literal["mixture_of_gaussians"] = "mixture_of_gaussians"
        num_components: Width = 10
        initial_scale: Annotated[Positive, Field(le=1)] = 0.1
        scale_margin: Annotated[NonNegative, Field(le=10)] = 3.0
        mean_scale: PowerOfTwo = 1.0
