"""Telling a true future latent from others: InfoNCE, and wav2vec's binary loss.

    InfoNCE (van den Oord et al., arXiv 1807.03748, eq. 4):   -log softmax(f_k(z_j, c_t))[j = t + k]
    wav2vec (Schneider et al., arXiv 1904.05862, eq. 2):      -log σ(f_k(z_(t+k), c_t)) - Σ_j log σ(-f_k(z_j, c_t))

with f_k(z, c) = zᵀ (W_k c + b_k), and j over the negatives, which are drawn for each t and k.

B batch, L latents, K future steps, N negatives, C channels.
"""

import math
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from undertow.networks.encoder_decoder import within

Objective = Literal["info_nce", "wav2vec"]
Negatives = Literal["within", "others", "batch"]


class Contrast(NamedTuple):
    """What telling apart costs, and where it succeeds; 0 and False where there is nothing to tell.

    Attributes:
        nats: (B, L, K) loss of each prediction.
        right: (B, L, K) bool, the true latent's score is above every negative's.
        known: (B, L, K) bool, the true latent lies within its row, and there are negatives.
    """

    nats: Tensor
    right: Tensor
    known: Tensor


def chance(objective: Objective, num_negatives: int) -> float:
    """Nats of a prediction by scores that are all 0."""
    return math.log(1 + num_negatives) if objective == "info_nce" else (1 + num_negatives) * math.log(2)


def contrast(
    latents: Tensor,
    predicted: Tensor,
    lengths: Tensor,
    negatives: Tensor,
    objective: Objective,
    source: Negatives,
) -> Contrast:
    """Score every latent by what was predicted of it, against negatives.

    Args:
        latents: z (B, L, C).
        predicted: W_k c_t + b_k (B, L, K, C); of step t, the latent at t + k for k = 1 … K.
        lengths: (B,), latents of each row.
        negatives: (B, L, K, N) places among the B · L latents, as `draw_negatives` gives; -1: there are none.
        source: where the negatives are from; within the rows, fewer scores are computed.
    """
    batch_size, num_latents, num_ahead = predicted.shape[:3]
    steps = torch.arange(num_latents, device=latents.device)
    rows = num_latents * torch.arange(batch_size, device=latents.device)[:, None]
    if source == "within":  # (B, C, L), each row scores its own latents
        candidates, begin = latents.transpose(1, 2), rows
    else:  # (C, B · L)
        candidates, begin = latents.flatten(0, 1).T, torch.zeros_like(rows)
    nats, right, known = [], [], []
    for ahead in range(num_ahead):
        target = steps + ahead + 1
        scores = (predicted[:, :, ahead] @ candidates).to(torch.promote_types(latents.dtype, torch.float32))
        drawn = negatives[:, :, ahead]
        true = scores.gather(2, (rows - begin + target.clamp(max=num_latents - 1))[:, :, None])
        false = scores.gather(2, (drawn - begin[:, :, None]).clamp(min=0))
        nats.append(_nats(true, false, objective))
        right.append(true[..., 0] > false.amax(dim=2))
        known.append((target < lengths[:, None]) & (drawn[:, :, 0] >= 0))
    there = torch.stack(known, dim=2)
    return Contrast(torch.where(there, torch.stack(nats, dim=2), 0.0), torch.stack(right, dim=2) & there, there)


def draw_negatives(
    lengths: Tensor,
    num_latents: int,
    num_ahead: int,
    num_negatives: int,
    source: Negatives,
    generator: torch.Generator | None = None,
    recordings: Tensor | None = None,
) -> Tensor:
    """Places of negatives among the B · L latents of a batch, (B, L, K, N) int64.

    Each is drawn with replacement, all latents that may be one alike: "within" the row itself, from the "others", or
    from the whole "batch"; never the true latent, nor padding. Where there is none, it is -1.

    Args:
        lengths: (B,), latents of each row.
        generator: None for torch's own.
        recordings: (B,) int64, the number of each row's recording, from 0 on; rows of one recording are no others to
            each other. None: each row is a recording.
    """
    device, batch_size = lengths.device, len(lengths)
    size = batch_size, num_latents, num_ahead, num_negatives
    numbers = torch.arange(batch_size, device=device) if recordings is None else recordings
    order = numbers.argsort(stable=True)  # with all rows end to end, those of a recording side by side
    starts = torch.empty_like(lengths)
    starts[order] = lengths[order].cumsum(0) - lengths[order]
    starts = starts[:, None, None, None]
    sizes = torch.zeros_like(lengths).index_add_(0, numbers, lengths)  # of each recording
    own, total = lengths[:, None, None, None], lengths.sum()
    steps = torch.arange(num_latents, device=device)[:, None, None]
    true = steps + torch.arange(1, num_ahead + 1, device=device)[:, None]  # (L, K, 1), within its row
    skipped, left_out = torch.ones_like(own), starts + true  # so many are skipped from there on
    if source == "others":
        skipped, left_out = (one[numbers][:, None, None, None] for one in (sizes, sizes.cumsum(0) - sizes))
    first = starts if source == "within" else torch.zeros_like(starts)
    number = (own if source == "within" else total) - skipped
    draws = torch.rand(size, generator=generator, device=device, dtype=torch.float64)
    places = first + (draws * number).long().clamp(min=0)
    places = places + torch.where(places >= left_out, skipped, 0)
    inside = within(lengths[order], num_latents).flatten().nonzero()[:, 0]  # where each latent end to end lies
    inside = order[inside // num_latents] * num_latents + inside % num_latents
    found = inside[places.clamp(max=len(inside) - 1)]
    return torch.where((number > 0).expand(size), found, -1)


def _nats(true: Tensor, false: Tensor, objective: Objective) -> Tensor:
    """The loss (B, L) of scores (B, L, 1) and (B, L, N)."""
    if objective == "info_nce":
        return -F.log_softmax(torch.cat([true, false], dim=2), dim=2)[..., 0]
    return F.softplus(-true[..., 0]) + F.softplus(false).sum(dim=2)
