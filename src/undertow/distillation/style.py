"""The perceptual loss: a trained network's hidden channels go together in the student's sound as in the recording.

Parallel WaveNet (arXiv 1711.10433, §3.3): the Gram matrices of a network's activations ("style") work better than the
activations themselves. They forget the time, so only how often things sound together must agree.

B batch, T time, C hidden channels.
"""

import torch
from torch import Tensor


def style_loss(hidden: Tensor, wanted: Tensor, counted: Tensor, num_channels: int) -> Tensor:
    """Mean of ‖G - G'‖² / ‖G'‖² over rows, G and G' the Gram matrices of hidden channels (B, T, C): a scalar.

    Args:
        counted: (B, T) bool, the steps that count.
        num_channels: channels that are compared, evenly spaced.
    """
    found, like = (gram(chosen(one, num_channels), counted) for one in (hidden, wanted))
    least = torch.finfo(like.dtype).tiny
    distance = (found - like).square().sum(dim=(1, 2)) / like.square().sum(dim=(1, 2)).clamp(min=least)
    return distance.mean()


def gram(hidden: Tensor, counted: Tensor) -> Tensor:
    """Means over the counted steps of the products of all pairs of channels: (B, T, C) -> (B, C, C)."""
    there = hidden * counted[..., None]
    number = counted.sum(dim=1).clamp(min=1)[:, None, None]
    return there.transpose(1, 2) @ there / number


def chosen(hidden: Tensor, num_channels: int) -> Tensor:
    """Evenly spaced channels (B, T, num_channels); all if there are no more."""
    if hidden.shape[-1] <= num_channels:
        return hidden
    places = torch.linspace(0, hidden.shape[-1] - 1, num_channels, device=hidden.device).round().long()
    return hidden.index_select(-1, places)
