"""Convolutions of PixelCNN++: shifted by padding instead of masked, weights normalised (arXiv 1701.05517, §2.4, §2.5).

Images go through row by row, too: a convolution of a row reads the row above it from its state. So a pass over a whole
image and passes over its rows give the same numbers.

B batch, H rows, W columns, C input channels, O output channels.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from undertow.layers.layer import StatelessLayer
from undertow.state import State

Stream = Literal["down", "right"]
PADDING = {"down": (1, 1), "right": (1, 0)}  # columns to the left and to the right
SMALLEST_SPREAD = 1e-2  # of a channel over a batch: of one that does not change there is nothing to learn
DIRECTION_SPREAD = 0.05


class NormedConv(nn.Module):
    """A convolution with the kernel g_o v_o / ‖v_o‖ for each output channel o: (B, C, H, W) -> (B, O, H', W').

    Parameters: direction v (O, C, rows, columns), scale g (O,), bias (O,).

    Args:
        size: rows and columns of the kernel.
        start: g at the start. With `started_from` it is the standard deviation of each output channel.
    """

    def __init__(self, in_channels: int, out_channels: int, size: tuple[int, int], start: float = 1.0) -> None:
        super().__init__()
        self.start, self.is_starting = start, False
        self.direction = nn.Parameter(torch.empty(out_channels, in_channels, *size))
        self.scale = nn.Parameter(torch.empty(out_channels))
        self.bias = nn.Parameter(torch.empty(out_channels))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Directions normal, scales `start`, biases 0."""
        nn.init.normal_(self.direction, std=DIRECTION_SPREAD)
        nn.init.constant_(self.scale, self.start)
        nn.init.zeros_(self.bias)

    def kernel(self) -> Tensor:
        """The weights (O, C, rows, columns)."""
        length = torch.linalg.vector_norm(self.direction, dim=(1, 2, 3), keepdim=True)
        return self.direction * (self.scale.view(-1, 1, 1, 1) / length)

    def forward(self, x: Tensor, stride: int = 1) -> Tensor:
        return self.normed(lambda kernel, bias: F.conv2d(x, kernel, bias, stride))

    def normed(self, convolve: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
        """What `convolve` makes with the kernel and the bias."""
        if self.is_starting:
            self._start(convolve)
        return convolve(self.kernel(), self.bias)

    @torch.no_grad()
    def _start(self, convolve: Callable[[Tensor, Tensor], Tensor]) -> None:
        self.scale.fill_(1.0)
        y = convolve(self.kernel(), torch.zeros_like(self.bias))
        mean, spread = y.mean(dim=(0, 2, 3)), y.std(dim=(0, 2, 3), correction=0)
        self.scale.copy_(self.start / spread.clamp(min=SMALLEST_SPREAD))
        self.bias.copy_(-mean * self.scale)


class ShiftedConv(NormedConv):
    """A pixel's own row and the row above: (B, C, H, W) -> (B, O, H', W'), H' = ⌈H / stride⌉, W' likewise.

    Stream "down" reads a column to the left and to the right too; "right" only one to the left. So of a stack, the
    first sees all pixels of the rows up to its own, and the second those up to its own in raster order.

    State: "above" (B, C, W), the row above.
    """

    def __init__(
        self, in_channels: int, out_channels: int, stream: Stream, stride: int = 1, start: float = 1.0
    ) -> None:
        super().__init__(in_channels, out_channels, (2, 1 + sum(PADDING[stream])), start)
        self.in_channels, self.padding, self.stride = in_channels, PADDING[stream], stride

    def init_state(self, batch_size: int, width: int) -> State:
        return {"above": self.direction.new_zeros(batch_size, self.in_channels, width)}

    def rows(self, x: Tensor, state: State | None) -> tuple[Tensor, State]:
        """The outputs, and the state after these rows; without a state, there is nothing above them."""
        above = x.new_zeros(x[:, :, 0].shape) if state is None else state["above"]
        given = F.pad(torch.cat([above[:, :, None], x], dim=2), (*self.padding, 0, 0))
        # Of one layout, whatever it was cut from: the last bits of a convolution depend on it.
        return self(given, self.stride), {"above": x[:, :, -1].contiguous()}


class GrownConv(NormedConv):
    """A transposed convolution of stride 2: (B, C, H, W) -> (B, O, 2H, 2W).

    A pixel makes the 2 by 2 below and to the right of its place; of stream "down", one column to the left, too.
    """

    def __init__(self, in_channels: int, out_channels: int, stream: Stream) -> None:
        super().__init__(in_channels, out_channels, (2, 1 + sum(PADDING[stream])))
        self.skipped = PADDING[stream][1]

    def forward(self, x: Tensor, stride: int = 2) -> Tensor:
        grown = self.normed(lambda kernel, bias: F.conv_transpose2d(x, kernel.transpose(0, 1), bias, stride))
        return grown[..., self.skipped :]


class NormedOutput(StatelessLayer):
    """A 1×1 convolution of single steps: (B, T, C) -> (B, T, O)."""

    def __init__(self, in_channels: int, out_channels: int, start: float = 1.0) -> None:
        super().__init__()
        self.conv = NormedConv(in_channels, out_channels, (1, 1), start)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x.transpose(1, 2)[:, :, None])[:, :, 0].transpose(1, 2)


class ConcatELU(StatelessLayer):
    """elu of x and of -x, side by side: (B, T, C) -> (B, T, 2C)."""

    def forward(self, x: Tensor) -> Tensor:
        return concat_elu(x, dim=-1)


def concat_elu(x: Tensor, dim: int = 1) -> Tensor:
    """elu of x and of -x, side by side along the channels."""
    return F.elu(torch.cat([x, -x], dim=dim))


@contextmanager
def starting(module: nn.Module) -> Iterator[None]:
    """Inside, a pass over a batch sets scales and biases so that each output channel has mean 0 and its spread."""
    convs = [one for one in module.modules() if isinstance(one, NormedConv)]
    for conv in convs:
        conv.is_starting = True
    try:
        yield
    finally:
        for conv in convs:
            conv.is_starting = False
