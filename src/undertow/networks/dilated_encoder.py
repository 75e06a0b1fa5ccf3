"""The encoder of NSynth's WaveNet autoencoder (Engel et al., arXiv 1704.01279, §2.1).

    h = C_3 x;  h = h + W relu(D_3 relu(h)) for each layer;  then the mean of every s frames

C_k is a convolution with k taps, D_k one whose taps are 1, 2, 4 … 2^(n-1) frames apart, and 1 again in the next cycle,
W one tap. It is not causal. The paper reads the wave, frames of one sample, and has a last 1×1 convolution to 16
channels before the mean: a linear bottleneck behind it is the same.

B batch, F frames, C channels, L latents.
"""

from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor, nn

from undertow.config import PowerOfTwo, Width, config
from undertow.networks.frame_encoder import FrameConv, FrameEncoder, frames_present, masked


class DilatedEncoder(FrameEncoder):
    """(B, F, C) to (B, ⌈F / stride⌉, channels). A mean over fewer frames, at a row's end, counts the others as 0."""

    @config
    class Config:
        """The encoder's size. The paper has 3 cycles of 10 layers, 128 channels and a stride of 512.

        Attributes:
            channels: of every layer.
            num_cycles: how often the dilations begin again at 1.
            layers_per_cycle: n; the last layer of a cycle has taps 2^(n-1) frames apart.
            stride: frames whose mean is one vector.
            gain: a power of two by which the means are made larger: of what oscillates, little is left in a mean.
        """

        kind: Literal["dilated"] = "dilated"
        channels: Width = 128
        num_cycles: Width = 3
        layers_per_cycle: Annotated[Width, Field(le=24)] = 10
        stride: Width = 512
        gain: PowerOfTwo = 1.0

    def __init__(self, config: Config, in_channels: int) -> None:
        super().__init__()
        channels = config.channels
        self.config, self.stride, self.out_channels = config, config.stride, channels
        dilations = [2**layer for layer in range(config.layers_per_cycle)] * config.num_cycles
        self.first = FrameConv(in_channels, channels, 3)
        self.layers = nn.ModuleList(FrameConv(channels, channels, 3, dilation=dilation) for dilation in dilations)
        self.mixes = nn.ModuleList(FrameConv(channels, channels, 1) for _ in dilations)
        around = 1 + sum(dilations)
        self.receptive_field = around, around

    def forward(self, frames: Tensor, lengths: Tensor | None = None) -> Tensor:
        present = frames_present(frames, lengths)
        x = masked(self.first(masked(frames, present)), present)
        for layer, mix in zip(self.layers, self.mixes, strict=True):
            inner = masked(layer(x.relu()).relu(), present)
            x = masked(x + mix(inner), present)
        missing = -x.shape[1] % self.stride
        whole = nn.functional.pad(x, (0, 0, 0, missing))
        return whole.unflatten(1, (-1, self.stride)).mean(dim=2) * self.config.gain
