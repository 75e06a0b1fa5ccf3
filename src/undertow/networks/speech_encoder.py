"""The encoder of WaveNet autoencoders for speech units (Chorowski et al., arXiv 1901.08810, §III).

    h = relu(C_3 x);  h = h + relu(C_3 h);  h = relu(C_2s h)             s frames become one
    h = h + relu(C_3 h), twice;  h = h + relu(C_1 h), four times

C_k is a convolution with k taps. The first has no residual connection, because it changes the number of channels; nor
has the strided one.

B batch, F frames, C input channels, L latents, O output channels.
"""

from typing import Literal

from torch import Tensor, nn

from undertow.config import Width, config
from undertow.networks.frame_encoder import FrameConv, FrameEncoder, frames_present, masked, shorter

NUM_WIDE, NUM_NARROW = 2, 4


class SpeechEncoder(FrameEncoder):
    """(B, F, C) to (B, ⌈F / stride⌉, channels). With frames of 10 ms, a stride of 2 gives 50 latents a second."""

    @config
    class Config:
        """The encoder's size. The paper has 768 channels.

        Attributes:
            channels: of every layer.
            stride: frames that become one vector; 1 for none.
        """

        kind: Literal["speech"] = "speech"
        channels: Width = 768
        stride: Width = 2

    def __init__(self, config: Config, in_channels: int) -> None:
        super().__init__()
        channels, stride = config.channels, config.stride
        self.config, self.stride, self.out_channels = config, stride, channels
        self.first = FrameConv(in_channels, channels, 3)
        self.second = FrameConv(channels, channels, 3)
        self.strided = FrameConv(channels, channels, 2 * stride + stride % 2, stride)
        kernels = [3] * NUM_WIDE + [1] * NUM_NARROW
        self.rest = nn.ModuleList(FrameConv(channels, channels, kernel_size) for kernel_size in kernels)
        around = 2 + self.strided.around + NUM_WIDE * stride
        self.receptive_field = around, around

    def forward(self, frames: Tensor, lengths: Tensor | None = None) -> Tensor:
        present = frames_present(frames, lengths)
        x = masked(self.first(masked(frames, present)).relu(), present)
        x = masked(x + self.second(x).relu(), present)
        x = self.strided(x).relu()
        present = None if lengths is None else frames_present(x, shorter(lengths, self.stride))
        x = masked(x, present)
        for layer in self.rest:
            x = masked(x + layer(x).relu(), present)
        return x
