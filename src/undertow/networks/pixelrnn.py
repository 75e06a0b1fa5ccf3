"""PixelRNN (van den Oord, Kalchbrenner & Kavukcuoglu, Pixel Recurrent Neural Networks, arXiv 1601.06759).

    h_0 = A * x                                  k×k, mask A: a pixel does not see itself
    h_l = h_(l-1) + W_l LSTM_l(h_(l-1))          2h -> h -> 2h channels, row by row or in both diagonals
    parameters of x = V_2 relu(V_1 relu(h_L))

The Row LSTM sees a triangle above a pixel; the Diagonal BiLSTM all pixels before it but one: mask A leaves the last
pixel of a row out of that row's features, so from below it is seen only as far as the first square reaches. Both start
from zeros above and beside the image, and read grey images.

B batch, T steps, h channels, P parameters of the output distribution, Y condition channels.
"""

from abc import abstractmethod
from typing import Any, Literal

from torch import Tensor, nn

from undertow.alphabets.pixels import Shape
from undertow.batch import Condition
from undertow.config import Depth, Width, config
from undertow.errors import UsageError
from undertow.layers import (
    CausalConv1d,
    DiagonalBiLSTM,
    InputKind,
    Layer,
    RasterConv,
    RowLSTM,
    Serial,
    around,
)
from undertow.networks.pixelcnn import KernelSize, ReLU
from undertow.networks.raster_network import RasterNetwork, conditioned
from undertow.state import State


class Residual(Layer):
    """x + W f(x): (B, T, C) -> (B, T, C), of a recurrent layer f. State: "inner", that layer's."""

    receptive_field = None

    def __init__(self, inner: Layer, channels: int, out_channels: int) -> None:
        super().__init__()
        self.inner, self.leave = inner, CausalConv1d(channels, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.leave(self.inner(x))

    def init_state(self, batch_size: int) -> State:
        return {"inner": self.inner.init_state(batch_size)}

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        y, inner = self.inner.step(x, state["inner"])
        return x + self.leave(y), {"inner": inner}


class PixelRNN(RasterNetwork):
    """(B, T) symbols, or (B, T, C) values, to (B, T, P) parameters of the next one in raster order.

    State: "first", the first convolution's, and "stack", the recurrent layers'.
    """

    receptive_field = None

    def __init__(
        self, config: Any, num_symbols: int, num_params: int, condition_channels: int = 0, in_channels: int = 1
    ) -> None:
        super().__init__(config, in_channels)
        if self.raster.channels > 1:
            raise UsageError(f"a {config.kind} reads grey images; set data.grey=true, or take a pixelcnn for colour")
        width = 2 * config.channels
        self.input, values = self.make_input(num_symbols, in_channels)
        first = around(config.first_kernel_size)
        self.first = RasterConv(values, width, self.raster, first, "before", late=1, ahead=1)
        self.condition = conditioned(condition_channels, width)
        self.stack = Serial(*(Residual(self.make_layer(), config.channels, width) for _ in range(config.num_layers)))
        head = config.head_channels or width
        self.head = Serial(ReLU(), CausalConv1d(width, head), ReLU(), CausalConv1d(head, num_params))

    @abstractmethod
    def make_layer(self) -> Layer:
        """One recurrent layer, of 2h to h channels."""

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

    @property
    def output(self) -> nn.Module:
        return self.head.layers[-1]


class RowLSTMNetwork(PixelRNN):
    """PixelRNN of Row LSTMs."""

    @config
    class Config:
        """Shape of the network.

        Attributes:
            shape: (rows, columns, 1) of an image; by default those of the alphabet.
            input: "scalar", the brightness; "embedding", a vector for each symbol.
            first_kernel_size: side of the first square of taps.
            channels: h, of a recurrent layer; the stream between the layers has 2h.
            num_layers: recurrent layers.
            head_channels: width between the head's two 1×1 convolutions; 2h when not given.
        """

        kind: Literal["row_lstm"] = "row_lstm"
        shape: Shape | None = None
        input: InputKind = "scalar"
        embedding_channels: Width = 16
        first_kernel_size: KernelSize = 7
        channels: Width = 32
        num_layers: Depth = 5
        head_channels: Width | None = None

    def make_layer(self) -> Layer:
        return RowLSTM(2 * self.config.channels, self.config.channels, self.raster)


class DiagonalBiLSTMNetwork(PixelRNN):
    """PixelRNN of Diagonal BiLSTMs."""

    @config
    class Config:
        """Shape of the network.

        Attributes:
            shape: (rows, columns, 1) of an image; by default those of the alphabet.
            input: "scalar", the brightness; "embedding", a vector for each symbol.
            first_kernel_size: side of the first square of taps.
            channels: h, of each direction of a recurrent layer; the stream between the layers has 2h.
            num_layers: recurrent layers.
            head_channels: width between the head's two 1×1 convolutions; 2h when not given.
        """

        kind: Literal["diagonal_bilstm"] = "diagonal_bilstm"
        shape: Shape | None = None
        input: InputKind = "scalar"
        embedding_channels: Width = 16
        first_kernel_size: KernelSize = 7
        channels: Width = 16
        num_layers: Depth = 7
        head_channels: Width | None = None

    def make_layer(self) -> Layer:
        return DiagonalBiLSTM(2 * self.config.channels, self.config.channels, self.raster)
