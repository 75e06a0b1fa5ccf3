"""The distribution of the next symbol: one file and one line here for each emission."""

from typing import Annotated, Any

from undertow.config import choice
from undertow.emissions.bernoulli import Bernoulli
from undertow.emissions.categorical import Categorical
from undertow.emissions.coupled_logistics import CoupledLogistics
from undertow.emissions.emission import Emission, Sampling
from undertow.emissions.frames import FrameEmission, GaussianFrames, LaplaceFrames
from undertow.emissions.gaussian import Gaussian
from undertow.emissions.mixture_of_gaussians import MixtureOfGaussians
from undertow.emissions.mixture_of_logistics import MixtureOfLogistics

EMISSIONS = {
    "categorical": Categorical,
    "mixture_of_logistics": MixtureOfLogistics,
    "gaussian": Gaussian,
    "mixture_of_gaussians": MixtureOfGaussians,
    "bernoulli": Bernoulli,
    "coupled_logistics": CoupledLogistics,
}

FRAME_EMISSIONS: dict[str, type[FrameEmission]] = {
    "gaussian_frames": GaussianFrames,
    "laplace_frames": LaplaceFrames,
}

EmissionConfig = Annotated[Any, choice(EMISSIONS)]
FrameEmissionConfig = Annotated[Any, choice(FRAME_EMISSIONS)]
TargetEmissionConfig = Annotated[Any, choice({"categorical": Categorical, **FRAME_EMISSIONS})]


def build(config: Any, num_symbols: int) -> Emission:
    """The emission a config describes, over an alphabet of `num_symbols`.

    Raises:
        UsageError: the emission cannot serve an alphabet of that size.
    """
    return EMISSIONS[config.kind](config, num_symbols)


__all__ = [
    "EMISSIONS",
    "FRAME_EMISSIONS",
    "Bernoulli",
    "Categorical",
    "CoupledLogistics",
    "Emission",
    "EmissionConfig",
    "FrameEmission",
    "FrameEmissionConfig",
    "Gaussian",
    "GaussianFrames",
    "LaplaceFrames",
    "MixtureOfGaussians",
    "MixtureOfLogistics",
    "Sampling",
    "TargetEmissionConfig",
    "build",
]
