"""The contract of a bottleneck: what an encoder's vectors must pass on their way to a decoder.

B batch, L latents, C channels of the encoder's vectors, D channels of a latent, G codes a latent, K values of a code.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from undertow.errors import UsageError

Total = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Coded:
    """What came through a bottleneck.

    Attributes:
        latents: (B, L, D), for the decoder.
        penalty: what the bottleneck adds to the loss of the present latents, summed over them: a scalar tensor.
        figures: other numbers by name, each summed over the present latents; no gradient flows through them.
        codes: (B, L, G) int64 in 0 … K - 1; None if latents are floats.
        nats: (B, L), what each latent costs to send: the KL divergence, or the logarithm of the number of codes; None
            if latents are floats of any precision.
    """

    latents: Tensor
    penalty: Tensor
    figures: Mapping[str, Tensor] = field(default_factory=dict)
    codes: Tensor | None = None
    nats: Tensor | None = None


class Bottleneck(nn.Module, ABC):
    """Maps vectors (B, L, C) to latents (B, L, D), each by itself. It is called with (config, in_channels).

    Outside training, equal vectors give equal latents at the same place of any row.

    Attributes:
        out_channels: D.
        num_codes: K of each of the G codes of a latent; empty if it sends floats.
        draws: whether latents are drawn from a distribution; see `GaussianBottleneck.drawn`.
    """

    config: Any
    out_channels: int
    num_codes: tuple[int, ...] = ()
    draws: bool = False

    @abstractmethod
    def forward(self, z: Tensor, present: Tensor) -> Coded:
        """Latents for vectors (B, L, C). Only those where `present` (B, L) bool is True count in sums."""

    @abstractmethod
    def represent(self, z: Tensor) -> Tensor:
        """The latents (B, L, D) of vectors without noise: the means of a VAE, the nearest codes."""

    def encode(self, z: Tensor) -> Tensor:
        """The codes (B, L, G) int64 of vectors.

        Raises:
            UsageError: it sends floats.
        """
        raise UsageError(f"a bottleneck of kind {self.config.kind} has no codes; use one of kind vq")

    def decode(self, codes: Tensor) -> Tensor:
        """The latents (B, L, D) of codes (B, L, G).

        Raises:
            UsageError: it sends floats.
        """
        raise UsageError(f"a bottleneck of kind {self.config.kind} has no codes; use one of kind vq")

    def after_update(self, step: int, total: Total) -> None:
        """Update what has no gradient; see `undertow.models.Model.after_update`. By default do nothing."""
