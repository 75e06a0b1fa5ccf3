"""PixelCNN (van den Oord, Kalchbrenner & Kavukcuoglu, Pixel Recurrent Neural Networks, arXiv 1601.06759, §3.5).

    h_0 = A * x                                                      k×k, mask A: a value does not see itself
    h_l = h_(l-1) + W_2 relu(B * relu(W_1 relu(h_(l-1))))            2h -> h -> h -> 2h channels, mask B in the middle
    parameters of x = V_2 relu(V_1 relu(h_L))

With colour each channel value is a step and has channels of its own; the masked convolutions mix them, red before green
before blue, and the 1×1 convolutions are the same for all three. A stack of masked squares does not see some pixels
above and to the right: the blind spot, which Gated PixelCNN (`gated_pixelcnn`) does not have.

B batch, T steps, h channels, P parameters of the output distribution, Y condition channels.
"""

from typing import Literal

import torch.nn.functional as F
from torch import Tensor

from undertow.alphabets.pixels import Shape
from undertow.batch import Condition
from undertow.config import Depth, Width, config
from undertow.layers import CausalConv1d, InputKind, Layer, Raster, RasterConv, Serial, StatelessLayer, around
from undertow.networks.raster_network import RasterNetwork, conditioned
from undertow.state import State

KernelSize = Literal[3, 5, 7, 9, 11]


class ResidualBlock(Layer):
    """x + W_2 relu(B * relu(W_1 relu(x))): (B, T, 2h) -> (B, T, 2h). State: "conv", the masked convolution's."""

    def __init__(self, channels: int, kernel_size: int, raster: Raster) -> None:
        super().__init__()
        self.enter = CausalConv1d(2 * channels, channels)
        self.conv = RasterConv(channels, channels, raster, around(kernel_size), "upto")
        self.leave = CausalConv1d(channels, 2 * channels)
        self.receptive_field = self.conv.receptive_field

    def forward(self, x: Tensor) -> Tensor:
        return x + self.leave(F.relu(self.conv(F.relu(self.enter(F.relu(x))))))

    def init_state(self, batch_size: int) -> State:
        return {"conv": self.conv.init_state(batch_size)}

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        y, conv = self.conv.step(F.relu(self.enter(F.relu(x))), state["conv"])
        return x + self.leave(F.relu(y)), {"conv": conv}


class ReLU(StatelessLayer):
    """max(x, 0)."""

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x)


class PixelCNN(RasterNetwork):
    """(B, T) symbols, or (B, T, C) values, to (B, T, P) parameters of the next one in raster order.

    State: "first", the first convolution's, and "stack", the blocks'.
    """

    @config
    class Config:
        """Shape of the network.

        Attributes:
            shape: (rows, columns, channels) of an image; by default those of the alphabet.
            input: "scalar", the brightness; "embedding", a vector for each symbol.
            first_kernel_size, kernel_size: sides of the first square of taps, and of the blocks'.
            channels: h; the stream between the blocks has 2h.
            num_layers: blocks.
            head_channels: width between the head's two 1×1 convolutions; 2h when not given.
        """

        kind: Literal["pixelcnn"] = "pixelcnn"
        shape: Shape | None = None
        input: InputKind = "scalar"
        embedding_channels: Width = 16
        first_kernel_size: KernelSize = 7
        kernel_size: KernelSize = 3
        channels: Width = 32
        num_layers: Depth = 7
        head_channels: Width | None = None

    def __init__(
        self, config: Config, num_symbols: int, num_params: int, condition_channels: int = 0, in_channels: int = 1
    ) -> None:
        super().__init__(config, in_channels)
        width = 2 * config.channels
        self.input, values = self.make_input(num_symbols, in_channels)
        first = around(config.first_kernel_size)
        self.first = RasterConv(values, width, self.raster, first, "before", late=1, ahead=1)
        self.condition = conditioned(condition_channels, width)
        blocks = (ResidualBlock(config.channels, config.kernel_size, self.raster) for _ in range(config.num_layers))
        self.stack = Serial(*blocks)
        head = config.head_channels or width
        self.head = Serial(ReLU(), CausalConv1d(width, head), ReLU(), CausalConv1d(head, num_params))
        reach = config.first_kernel_size // 2 + config.num_layers * (config.kernel_size // 2)
        self.receptive_field = self.field_of(reach, reach)

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        return self.leave(self.stack(self._with(self.first(self.input(x)), condition)))

    def init_state(self, batch_size: int, condition: Condition) -> State:
        return {"first": self.first.init_state(batch_size), "stack": self.stack.init_state(batch_size)}

    def step_hidden(self, x: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        x, first = self.first.step(self.input(x), state["first"])
        x, stack = self.stack.step(self._with(x, condition), state["stack"])
        return x, {"first": first, "stack": stack}

    def _with(self, x: Tensor, condition: Condition) -> Tensor:
        return x if self.condition is None else x + self.condition(condition.aligned)
