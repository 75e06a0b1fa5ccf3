"""The importance-weighted bound on the likelihood of a VAE (Burda et al., arXiv 1509.00519), equation 8.

    log p(x) ≥ log 1/S Σ_s p(x | z_s) p(z_s) / q(z_s | x),  z_s drawn from q(z | x)

With S = 1 it is the ELBO; it rises with S.

B batch, L latents, D channels of a latent, S draws.
"""

import math
from typing import Any

import torch
from torch import Tensor

from undertow.batch import Batch


def importance_bound(model: Any, batch: Batch, num_draws: int, seed: int = 0) -> Tensor:
    """The bound on log p of the counted samples of each row, (B,) float64, in nats, for an autoencoder whose bottleneck
    draws.

    Args:
        num_draws: S; each costs a pass of the decoder.
        seed: of the draws.
    """
    z, counted = model.projection(model.encode(batch)), model.counted(batch)
    generator, found = torch.Generator().manual_seed(seed), []
    for _ in range(num_draws):
        noise = torch.randn(*z.shape[:2], model.bottleneck.out_channels, generator=generator).to(z)
        latents, ratio = model.bottleneck.drawn(z, noise)
        nats = model.log_prob(batch, latents).sum(dim=1, dtype=torch.float64)
        found.append(nats + torch.where(counted, ratio, 0.0).sum(dim=1, dtype=torch.float64))
    return torch.stack(found).logsumexp(dim=0) - math.log(num_draws)
