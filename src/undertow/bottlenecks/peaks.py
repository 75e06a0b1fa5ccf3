"""Segmentation by non-max suppression: only the strongest latents of an item stay (arXiv 1901.08810, §III-C).

The paper keeps a quarter of latents at 25 Hz, and says no more. Here the strength of a latent is its norm before the
bottleneck. Each item keeps the same share of its latents, rounded up: first the local maxima, the strongest first, then
the strongest others. The rest become the zero vector, by which a decoder sees that nothing was sent.

B batch, L latents, C channels.
"""

import torch
from torch import Tensor

ROUNDING = 1e-9  # 100 · 0.07 is a little more than 7


def peaks(z: Tensor, present: Tensor, share: float) -> Tensor:
    """Which latents stay, (B, L) bool: the share of the present ones of each row.

    Args:
        z: (B, L, C), before the bottleneck.
        present: (B, L) bool.
    """
    strength = torch.where(present, z.detach().float().norm(dim=-1), -1.0)
    edge = strength.new_full((len(z), 1), -1.0)
    left = torch.cat([edge, strength[:, :-1]], dim=1)
    right = torch.cat([strength[:, 1:], edge], dim=1)
    is_peak = (strength > left) & (strength >= right) & present  # of equal neighbours, the first
    strongest = strength.argsort(dim=1, descending=True, stable=True)
    peaks_first = is_peak.gather(1, strongest).to(torch.uint8).argsort(dim=1, descending=True, stable=True)
    rank = strongest.gather(1, peaks_first).argsort(dim=1)
    budget = (present.sum(dim=1, keepdim=True).double() * share - ROUNDING).ceil()
    return (rank < budget) & present
