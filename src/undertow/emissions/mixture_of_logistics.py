"""Mixture of discretised logistics (PixelCNN++, arXiv 1701.05517, §2.1; 16-bit WaveNet, arXiv 1711.10433, §3).

K components, N symbols; parameters (…, 3K) are K logits, K means and K log-scales, in that order.
"""

from typing import Annotated, Literal

from pydantic import Field

from undertow.config import NonNegative, Positive, PowerOfTwo, Width, config
from undertow.emissions.logistic import LOGISTIC
from undertow.emissions.mixture import BinnedMixture


class MixtureOfLogistics(BinnedMixture):
    """K logistics over an alphabet of any bit depth, their bins integrated exactly."""

    shape = LOGISTIC

    @config
    class Config:
        """The mixture's size and the range of its scales.

        `initial_scale` is a component's scale where the network's output is 0, in units of the signal's range [-1, 1]
        (a bin's width if that is larger).
        `scale_margin` sets the floor of the log-scale to log(bin width) - scale_margin; at 3 the most probable symbol
        can still reach probability 0.9999, so silence costs almost nothing. `mean_scale` is that of `gaussian`.
        """

        kind: Literal["mixture_of_logistics"] = "mixture_of_logistics"
        num_components: Width = 10
        initial_scale: Annotated[Positive, Field(le=1)] = 0.05
        scale_margin: Annotated[NonNegative, Field(le=10)] = 3.0
        mean_scale: PowerOfTwo = 1.0
