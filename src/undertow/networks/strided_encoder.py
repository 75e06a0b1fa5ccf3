"""Strided convolutions, on the wave or on frames: the encoder of CPC (van den Oord et al., arXiv 1807.03748, §3.1).

    z_0 = x,  z_l = relu(norm(W_l * z_(l-1)))            k_l taps, one output for every s_l inputs

The defaults are the paper's: 512 channels, one latent for 160 samples, which is 100 Hz at 16 kHz. At 8 kHz the same
stack without its last layer gives 100 Hz too. The paper normalises over the batch, wav2vec (arXiv 1904.05862) over
channels and time; here a norm is of the channels of one step, as in Rivière et al. (arXiv 2002.02848), so a latent
depends on nothing outside of its receptive field.

Output i of a layer with stride s belongs to its inputs i·s to (i + 1)·s - 1, and its k taps are centred on these: they
begin (k - s) // 2 inputs before them. Zeros lie around the input of every layer.

B batch, F frames or samples, L latents, C input channels, D output channels, k taps, s stride.
"""

import math
from typing import Annotated, Any, Literal

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from undertow.config import Width, config
from undertow.errors import UsageError
from undertow.networks.frame_encoder import FrameEncoder, frames_present, masked, shorter

Sizes = Annotated[tuple[Width, ...], Field(min_length=1, max_length=64)]


class StridedEncoder(FrameEncoder):
    """(B, F, C) to (B, ⌈F / stride⌉, D)."""

    @config
    class Config:
        """Shape of the encoder.

        Attributes:
            channels: D, of every layer.
            kernels: taps of each layer, at least its stride.
            strides: of each layer.
        """

        kind: Literal["strided"] = "strided"
        channels: Width = 512
        kernels: Sizes = (10, 8, 4, 4, 4)
        strides: Sizes = (5, 4, 2, 2, 2)

        def __post_init__(self) -> None:
            if len(self.kernels) != len(self.strides):
                raise UsageError(f"kernels are {len(self.kernels)}, strides {len(self.strides)}; give one each a layer")
            for taps, stride in zip(self.kernels, self.strides, strict=True):
                if taps < stride:
                    raise UsageError(f"kernel {taps} is shorter than its stride {stride}, and would skip inputs")

    def __init__(self, config: Config, in_channels: int) -> None:
        super().__init__()
        self.config, self.out_channels = config, config.channels
        widths = [in_channels, *[config.channels] * (len(config.kernels) - 1)]
        sizes = list(zip(widths, config.kernels, strict=True))
        self.convs = nn.ModuleList(nn.Conv2d(width, config.channels, (1, taps)) for width, taps in sizes)
        self.norms = nn.ModuleList(nn.LayerNorm(config.channels) for _ in sizes)
        self.stride = math.prod(config.strides)
        self.receptive_field = _reach(config)

    def forward(self, frames: Tensor, lengths: Tensor | None = None) -> Tensor:
        x = masked(frames, frames_present(frames, lengths))
        for conv, norm, stride in zip(self.convs, self.norms, self.config.strides, strict=True):
            x = norm(_strided(x, conv, stride)).relu()
            lengths = None if lengths is None else shorter(lengths, stride)
            x = masked(x, frames_present(x, lengths))
        return x


def _strided(x: Tensor, conv: Any, stride: int) -> Tensor:
    """(B, F, C) -> (B, ⌈F / stride⌉, D), in one channels-last convolution."""
    taps, num_frames = conv.weight.shape[3], x.shape[1]
    before = (taps - stride) // 2
    after = -(-num_frames // stride) * stride - num_frames + taps - stride - before
    image = F.pad(x, (0, 0, before, after)).transpose(1, 2).unsqueeze(2)  # (B, C, 1, F'), its memory still (B, F', C)
    y = F.conv2d(image, conv.weight, conv.bias, (1, stride))
    return y.squeeze(2).transpose(1, 2)


def _reach(config: StridedEncoder.Config) -> tuple[int, int]:
    """Inputs that a latent sees before its own first one and after its own last one."""
    before = after = 0
    apart = 1  # inputs between neighbouring outputs of the layers so far
    for taps, stride in zip(config.kernels, config.strides, strict=True):
        beside = (taps - stride) // 2
        before, after = before + beside * apart, after + (taps - stride - beside) * apart
        apart *= stride
    return before, after
