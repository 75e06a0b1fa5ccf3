"""Log mel frames as a voice learns them: each band with mean 0 and deviation 1.

M mel bands.
"""

import numpy as np
import torch
from torch import Tensor, nn

from undertow.data.features import DECIBELS, MelConfig

LEAST_SCALE = 1e-2  # of a band that hardly varies


class MelScale(nn.Module):
    """Scale frames (…, M) by the mean and the deviation of each band in the first training batch.

    Attributes:
        mean, deviation: (M,).
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, features: MelConfig) -> None:
        super().__init__()
        self.features = features
        self.register_buffer("mean", torch.zeros(features.num_channels))
        self.register_buffer("deviation", torch.ones(features.num_channels))

    def fit(self, frames: Tensor) -> None:
        """Take the mean and deviation of some frames (N, M)."""
        frames = frames.to(self.mean)
        self.mean.copy_(frames.mean(dim=0))
        self.deviation.copy_(frames.std(dim=0, correction=0).clamp(min=LEAST_SCALE))

    def forward(self, frames: Tensor) -> Tensor:
        """Scaled frames."""
        return (frames - self.mean) / self.deviation

    def undo(self, scaled: Tensor) -> Tensor:
        """Log mel frames, none below the floor."""
        return (scaled * self.deviation + self.mean).clamp(min=float(np.log(self.features.floor)))

    def decibels(self, scaled: Tensor) -> Tensor:
        """Differences of scaled frames in dB."""
        return scaled * self.deviation * (DECIBELS / self.features.power)
