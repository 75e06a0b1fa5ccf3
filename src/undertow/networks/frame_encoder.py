"""The contract of a frame encoder: it turns frames of a whole sequence into fewer vectors, and sees both sides of each.

B batch, F frames, C input channels, L latents, s frames a latent, O output channels.
"""

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor, nn

from undertow.layers.context import masked, steps_present


class FrameEncoder(nn.Module, ABC):
    """(B, F, C) to (B, ⌈F / s⌉, O): vector i belongs to the frames i·s … (i + 1)·s - 1. Not causal, so never stepped.

    An encoder is called with (config, in_channels). Rows are independent. Zeros lie before a row's first frame and
    behind its last one, at every layer, so that a row gives the same alone and in a batch. Vectors without a frame of
    their own are 0.

    Attributes:
        stride: s.
        receptive_field: frames that a vector sees before its own first frame, and behind its own last one.
        out_channels: O.
    """

    config: Any
    stride: int
    receptive_field: tuple[int, int]
    out_channels: int

    @abstractmethod
    def forward(self, frames: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Vectors for a batch; lengths (B,) are the frames of each row, by default all."""


class FrameConv(nn.Module):
    """A convolution over frames with zeros around it: output i is centred on frames i·s … (i + 1)·s - 1.

    The kernel has an even number of taps if the stride is even, and an odd number if it is odd.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, dilation: int = 1):
        super().__init__()
        span = (kernel_size - 1) * dilation + 1
        if span < stride or (span - stride) % 2:
            raise ValueError(f"a kernel over {span} frames cannot be centred on {stride}")
        self.stride, self.around = stride, (span - stride) // 2
        self.conv = nn.Conv1d(in_channels, out_channels, kernel_size, stride, dilation=dilation)

    def forward(self, x: Tensor) -> Tensor:
        """(B, F, C) to (B, ⌈F / s⌉, O)."""
        missing = -x.shape[1] % self.stride
        padded = nn.functional.pad(x.transpose(1, 2), (self.around, self.around + missing))
        return self.conv(padded).transpose(1, 2)


def shorter(lengths: Tensor, stride: int) -> Tensor:
    """(B,) lengths after a stride: ⌈F / s⌉."""
    return (lengths + stride - 1) // stride


def frames_present(x: Tensor, lengths: Tensor | None) -> Tensor | None:
    """(B, F, 1) bool: the frames of each row; None if all are."""
    return None if lengths is None else steps_present(x, lengths)


__all__ = ["FrameConv", "FrameEncoder", "frames_present", "masked", "shorter"]
