"""The bottleneck of a plain autoencoder: fewer channels, and nothing else.

B batch, L latents, C input channels, D channels of a latent.
"""

from typing import Literal

from torch import Tensor, nn

from undertow.bottlenecks.bottleneck import Bottleneck, Coded
from undertow.config import Width, config


class LinearBottleneck(Bottleneck):
    """W z + b. A latent is D floats: how many bits it sends depends only on the precision of a float."""

    @config
    class Config:
        """The bottleneck's size.

        Attributes:
            channels: D.
        """

        kind: Literal["linear"] = "linear"
        channels: Width = 16

    def __init__(self, config: Config, in_channels: int) -> None:
        super().__init__()
        self.config, self.out_channels = config, config.channels
        self.linear = nn.Linear(in_channels, config.channels)

    def forward(self, z: Tensor, present: Tensor) -> Coded:
        latents = self.represent(z)
        return Coded(latents, latents.new_zeros(()))

    def represent(self, z: Tensor) -> Tensor:
        latents: Tensor = self.linear(z)
        return latents
