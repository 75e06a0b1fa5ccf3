"""Time jitter: in training, a latent may be replaced by the one before or after it (arXiv 1901.08810, §III-B).

So a latent must say what its neighbours say too, and codes last longer than one step. Public code has three meanings
of its probability. Here it is the whole: half of it for each side, drawn for each item and each step. A draw that
points out of the sequence leaves the latent as it is. All replacements are of the latents before jitter.

B batch, L latents, D channels.
"""

import torch
from torch import Tensor


def jitter(latents: Tensor, present: Tensor, probability: float) -> Tensor:
    """Latents (B, L, D), some replaced by a neighbour; `present` (B, L) bool marks those of the sequences."""
    draws = torch.rand(present.shape, device=latents.device)
    back, ahead = draws < probability / 2, draws >= 1 - probability / 2
    before, after = torch.zeros_like(present), torch.zeros_like(present)
    before[:, 1:], after[:, :-1] = present[:, :-1], present[:, 1:]
    step = (ahead & after & present).long() - (back & before & present).long()
    places = torch.arange(present.shape[1], device=latents.device) + step
    return latents.gather(1, places[..., None].expand_as(latents))
