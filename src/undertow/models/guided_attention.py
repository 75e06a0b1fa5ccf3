"""Attention that should follow the text from its beginning to its end: a loss that asks for it, and whether it does.

Guided attention (Tachibana, Uenoyama & Aihara, arXiv 1710.08969, §3):

    W_ts = 1 - exp(-(s/S - t/T)² / 2 g²)            of T steps of sound and S of text
    loss = mean over t of Σ_s W_ts α_ts

B batch, T steps of the target, S steps of the source, H attention heads.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from undertow.config import Count, NonNegative, Positive, config
from undertow.models.examined import Examined
from undertow.networks.encoder_decoder import within

FOLLOWS, SHARP = 0.9, 0.4  # least correlation, and least mean of the largest weight, of attention that has been found


@config
class GuidedAttention:
    """The guided-attention loss, and the heads that it guides.

    Attributes:
        weight: of the loss; 0: attention is not guided.
        width: g; smaller keeps closer to the diagonal.
        layers: how many of the last layers that attend are guided.
        heads: how many heads of each are guided; None: all.
    """

    weight: NonNegative = 1.0
    width: Positive = 0.2
    layers: Count = 1
    heads: Count | None = None


def guided_heads(weights: list[Tensor], config: GuidedAttention) -> Tensor:
    """Those that are guided, of each layer's weights (B, H, T, S), side by side: (B, H', T, S)."""
    return torch.cat([one[:, : config.heads] for one in weights[-config.layers :]], dim=1)


def guide(attention: Tensor, steps: Tensor, source: Tensor, width: float) -> Tensor:
    """The loss of each step (B, T), the mean over heads, of attention (B, H, T, S).

    Args:
        steps, source: (B,) lengths of target and source.
    """
    places = [
        torch.arange(size, device=steps.device) / lengths[:, None].clamp(min=1)
        for size, lengths in ((attention.shape[2], steps), (attention.shape[3], source))
    ]
    off = 1 - torch.exp(-(places[1][:, None] - places[0][:, :, None]).square() / (2 * width**2))  # (B, T, S)
    return (attention.mean(dim=1) * off.to(attention.dtype)).sum(dim=-1)


def follow(attention: Tensor, steps: Tensor, source: Tensor) -> dict[str, Tensor]:
    """Sums over rows and steps that `followed` judges, of attention (B, T, S) of targets of these lengths (B,)."""
    counted = within(steps, attention.shape[1])
    attention = attention.detach().double()
    places = attention @ torch.arange(attention.shape[2], device=attention.device, dtype=torch.float64)  # (B, T)
    share = places / (source[:, None] - 1).clamp(min=1)
    time = torch.arange(attention.shape[1], device=attention.device, dtype=torch.float64).expand_as(share)
    last = share.gather(1, (steps[:, None] - 1).clamp(min=0))[:, 0]
    long = (steps > 2) & (source > 1)
    back = (places[:, 1:] < places[:, :-1] - 1) & counted[:, 1:]
    return {
        "attention_rows": long.sum().double(),
        "attention_correlation": torch.where(long, _correlation(share, time, counted), 0.0).sum(),
        "attention_reached": torch.where(long, last, 0.0).sum(),
        "attention_steps": counted.sum().double(),
        "attention_largest": (attention.amax(dim=-1) * counted).sum(),
        "attention_back": back.sum().double(),
    }


def followed(sums: Mapping[str, Tensor]) -> Examined:
    """Figures and a line on how attention follows the text, from the sums of `follow`."""
    rows, steps = (max(1.0, float(sums[name])) for name in ("attention_rows", "attention_steps"))
    correlation, reached = (float(sums[f"attention_{name}"]) / rows for name in ("correlation", "reached"))
    largest, back = (float(sums[f"attention_{name}"]) / steps for name in ("largest", "back"))
    figures = {
        "attention_correlation": correlation,
        "attention_reached": reached,
        "attention_largest": largest,
        "attention_back": back,
    }
    told = f"correlation with time {correlation:.2f}, largest weight {largest:.2f}, reaches {reached:.0%} of the text"
    told += f", goes back at {back:.1%} of steps"
    if correlation >= FOLLOWS and largest >= SHARP:
        return Examined(figures, (f"attention follows the text: {told}",))
    lacks = "follow the text" if correlation < FOLLOWS else "settle on single symbols"
    return Examined(figures, (f"warning: attention does not {lacks} (yet): {told}",))


def _correlation(first: Tensor, second: Tensor, counted: Tensor) -> Tensor:
    """Pearson's, of each row's counted steps: (B, T) twice -> (B,); 0 where one does not vary."""
    number = counted.sum(dim=1, keepdim=True).clamp(min=1)
    first, second = (
        torch.where(counted, one - (one * counted).sum(dim=1, keepdim=True) / number, 0.0) for one in (first, second)
    )
    scale = (first.square().sum(dim=1) * second.square().sum(dim=1)).sqrt()
    return (first * second).sum(dim=1) / scale.clamp(min=1e-12)
