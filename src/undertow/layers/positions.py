"""Where a step is in its sequence: vectors to add to it, or angles to turn queries and keys by.

B batch, T time, C channels, H heads, D channels of a head, M most positions.
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

    def forward(self, positions: Tensor) -> Tensor:
        """Positions (…) int64 -> (…, D) float64, for `rotate`: the cosines of its D / 2 angles, then their sines."""
        angles = _angles(positions, self.head_channels)
        return torch.cat([angles.cos(), angles.sin()], dim=-1)


def rotate(x: Tensor, rotation: Tensor) -> Tensor:
    """Turn each pair of channels of x (B, T, …, D) by its angle; `rotation` (B or 1, T, D) is what `Rotary` gives."""
    rotation = rotation.reshape(*rotation.shape[:2], *[1] * (x.dim() - 3), -1)
    (a, b), (cos, sin) = x.chunk(2, dim=-1), rotation.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], dim=-1).type_as(x)


def _angles(positions: Tensor, channels: int) -> Tensor:
    """pos / 10000^(2i / C) for each i < C / 2, (…, C / 2) float64."""
    exponents = torch.arange(0, channels, 2, dtype=torch.float64, device=positions.device) / channels
    return positions[..., None] * WAVELENGTHS**-exponents
