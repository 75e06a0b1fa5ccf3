"""Bottlenecks by name: one file and one line here for each."""

from typing import Annotated, Any

from undertow.bottlenecks.bottleneck import Bottleneck, Coded
from undertow.bottlenecks.codebook import Codebook
from undertow.bottlenecks.gaussian import GaussianBottleneck
from undertow.bottlenecks.jitter import jitter
from undertow.bottlenecks.linear import LinearBottleneck
from undertow.bottlenecks.peaks import peaks
from undertow.bottlenecks.vector_quantiser import VectorQuantiser
from undertow.config import choice

BOTTLENECKS: dict[str, type[Bottleneck]] = {
    "linear": LinearBottleneck,
    "vae": GaussianBottleneck,
    "vq": VectorQuantiser,
}

BottleneckConfig = Annotated[Any, choice(BOTTLENECKS)]


def build(config: Any, in_channels: int) -> Bottleneck:
    """The bottleneck a config describes, for vectors of so many channels."""
    kind: Any = BOTTLENECKS[config.kind]
    made: Bottleneck = kind(config, in_channels)
    return made


__all__ = [
    "BOTTLENECKS",
    "Bottleneck",
    "BottleneckConfig",
    "Codebook",
    "Coded",
    "GaussianBottleneck",
    "LinearBottleneck",
    "VectorQuantiser",
    "build",
    "jitter",
    "peaks",
]
