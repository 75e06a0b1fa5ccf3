"""Where a step is in its sequence: vectors to add to it, or angles to turn queries and keys by.

B batch, T time, C channels, K of queries and keys, H heads, D channels of a head.
"""

import torch
from torch import Tensor, nn

WAVELENGTHS = 10_000.0  # the slowest wave's length is 2π times this, nearly


class Sinusoidal(nn.Module):
    """Fixed waves of every position, from wavelength 2π to 10000 · 2π (arXiv 1706.03762, §3.5).

    PE(pos, 2i) = sin(pos / 10000^(2i / C)), PE(pos, 2i + 1) = cos(pos / 10000^(2i / C)). Positions (…) int64 below
    `max_length` -> (…, C).
    """

    table: Tensor

    def __init__(self, max_length: int, channels: int) -> None:
        super().__init__()
        angles = _angles(torch.arange(max_length), channels)
        table = torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)
        self.register_buffer("table", table.to(torch.get_default_dtype()), persistent=False)

    def forward(self, positions: Tensor) -> Tensor:
        return self.table[positions]


class Learned(nn.Module):
    """A learned vector for each position below `max_length`: (…) int64 -> (…, C)."""

    def __init__(self, max_length: int, channels: int) -> None:
        super().__init__()
        self.table = nn.Embedding(max_length, channels)

    def forward(self, positions: Tensor) -> Tensor:
        return self.table(positions)


class Rotary(nn.Module):
    """Angles by which queries and keys are turned, so that their product knows only how far apart they are.

    RoFormer (arXiv 2104.09864), with channel i of a head paired with channel i + D / 2. Any position will do: angles
    are computed in float64, where position 10^9 is still exact to 10^-7.
    """

    def __init__(self, head_channels: int) -> None:
        super().__init__()
        self.head_channels = head_channels

    @property
    def angles(self) -> Tensor:
        """What a step turns each pair of channels by: (D / 2,) float64."""
        return _angles(torch.ones((), dtype=torch.int64), self.head_channels)

    def forward(self, positions: Tensor) -> Tensor:
        """Positions (…) int64 -> (…, 2, D) float64, what `rotate` multiplies a head by, and its other half by."""
        angles = _angles(positions, self.head_channels)
        cos, sin = angles.cos(), angles.sin()
        return torch.stack([torch.cat([cos, cos], dim=-1), torch.cat([-sin, sin], dim=-1)], dim=-2)


def rotate(x: Tensor, rotation: Tensor) -> Tensor:
    """Turn each pair (a, b) of channels of x (B, T, K, H, D): it becomes (a cos - b sin, b cos + a sin).

    `rotation` (B or 1, T, 2, D) is what `Rotary` gives.
    """
    own, other = rotation[:, :, None, None].to(x.dtype).unbind(-2)
    return torch.addcmul(x * own, x.roll(x.shape[-1] // 2, dims=-1), other)


def _angles(positions: Tensor, channels: int) -> Tensor:
    """pos / 10000^(2i / C) for each i < C / 2, (…, C / 2) float64."""
    exponents = torch.arange(0, channels, 2, dtype=torch.float64, device=positions.device) / channels
    return positions[..., None] * WAVELENGTHS**-exponents
