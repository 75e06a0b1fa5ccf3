"""The bottleneck of a variational autoencoder: a Gaussian for each vector (Kingma & Welling, arXiv 1312.6114).

    μ, log σ² = W z + b,  latent = μ + σ ε,  ε ~ N(0, I)
    KL = ½ Σ (μ² + σ² − log σ² − 1)                                      nats a latent, to N(0, I)

log p(x | latents) − KL bounds log p(x) from below (ELBO). The KL divergence is what a latent costs to send.

B batch, L latents, C channels of a vector, D channels of a latent.
"""

import math
from typing import Literal

import torch
from torch import Tensor, nn

from undertow.bottlenecks.bottleneck import Bottleneck, Coded, Total
from undertow.config import Natural, NonNegative, Width, config

LEAST, MOST = -12.0, 8.0  # log σ²
NOISE_ROWS = 1024


class GaussianBottleneck(Bottleneck):
    """(B, L, C) to (B, L, D). The penalty is `weight` · max(KL, `free_bits`) of each latent.

    Outside training, ε is fixed for each place of a row, the same in every row, so that a validation is repeatable.
    """

    updates: Tensor
    noise: Tensor
    draws = True

    @config
    class Config:
        """What a latent may cost.

        Attributes:
            channels: D.
            weight: of the KL divergence in the loss. With 1 (and no free bits) the loss is the ELBO's.
            free_bits: bits a latent may send for nothing (Kingma et al., arXiv 1606.04934, §C.8, for all of its
                channels together).
            annealing_steps: updates over which the weight rises from 0; 0 for none. A validation uses the whole weight.
        """

        kind: Literal["vae"] = "vae"
        channels: Width = 64
        weight: NonNegative = 1.0
        free_bits: NonNegative = 0.0
        annealing_steps: Natural = 0

    def __init__(self, config: Config, in_channels: int) -> None:
        super().__init__()
        self.config, self.out_channels = config, config.channels
        self.linear = nn.Linear(in_channels, 2 * config.channels)
        self.register_buffer("updates", torch.zeros((), dtype=torch.int64))
        noise = torch.randn(NOISE_ROWS, config.channels, generator=torch.Generator().manual_seed(0))
        self.register_buffer("noise", noise, persistent=False)

    def forward(self, z: Tensor, present: Tensor) -> Coded:
        mean, log_variance = self._moments(z)
        if self.training:
            noise = torch.randn_like(mean)
        else:
            noise = self.noise[torch.arange(z.shape[1], device=z.device) % NOISE_ROWS].to(mean.dtype)
        latents = mean + (log_variance / 2).exp() * noise
        nats = (mean.square() + log_variance.expm1() - log_variance).sum(dim=-1) / 2
        paid = torch.where(present, nats.clamp(min=self.config.free_bits * math.log(2)), 0.0).sum()
        kl = torch.where(present, nats, 0.0).sum().detach()
        return Coded(latents, self.weight * paid, {"kl_nats": kl}, nats=nats)

    def represent(self, z: Tensor) -> Tensor:
        return self._moments(z)[0]

    def drawn(self, z: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Latents (B, L, D) for noise of that shape, and log p(latent) − log q(latent | z), (B, L), in nats."""
        mean, log_variance = self._moments(z)
        latents = mean + (log_variance / 2).exp() * noise
        return latents, (noise.square() + log_variance - latents.square()).sum(dim=-1) / 2

    @property
    def weight(self) -> Tensor:
        """The weight of the KL divergence now."""
        whole = self.updates.new_tensor(self.config.weight, dtype=self.noise.dtype)
        if not self.training or not self.config.annealing_steps:
            return whole
        return whole * (self.updates / self.config.annealing_steps).clamp(max=1.0).to(whole.dtype)

    def after_update(self, step: int, total: Total) -> None:
        self.updates.fill_(step)

    def _moments(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Means and log-variances, in float32 at least: a small divergence is a difference of numbers near 1."""
        with torch.autocast(z.device.type, enabled=False):
            moments = self.linear(z.to(torch.promote_types(z.dtype, self.noise.dtype)))
        mean, log_variance = moments.chunk(2, dim=-1)
        return mean, log_variance.clamp(LEAST, MOST)
