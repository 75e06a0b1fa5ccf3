"""Plain causal convolutions, one on top of another: wav2vec's context network (Schneider et al., arXiv 1904.05862).

    h_0 = W x_t + b                                           (or E[x_t])
    h_l = √½ (h_(l-1) + dropout(relu(norm(V_l * h_(l-1)))))   l = 1 … L, k taps each, no dilation
    parameters of x_(t+1) = U h_L

It sees 1 + L (k - 1) steps. √½ keeps the sum as large as its parts, as in the published code. wav2vec normalises over
channels and time together, and so looks at the future; here a norm is of the channels of one step.

B batch, T time, N symbols, C channels, P parameters of the output distribution.
"""

import math
from typing import Annotated, Literal

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from undertow.batch import Condition
from undertow.config import Depth, Probability, Width, config
from undertow.layers import CausalConv1d, Dropout, InputKind, Inputs, Layer, LayerNorm, Serial
from undertow.networks.network import Network
from undertow.state import State

HALF = math.sqrt(0.5)


class ConvBlock(Layer):
    """√½ (x + dropout(relu(norm(V * x)))): (B, T, C) -> (B, T, C). State: "conv", the convolution's."""

    def __init__(self, channels: int, kernel_size: int, dropout: float) -> None:
        super().__init__()
        self.conv, self.norm = CausalConv1d(channels, channels, kernel_size), LayerNorm(channels)
        self.dropout = Dropout(dropout)
        self.receptive_field = kernel_size

    def forward(self, x: Tensor) -> Tensor:
        return self._join(x, self.conv(x))

    def init_state(self, batch_size: int) -> State:
        return {"conv": self.conv.init_state(batch_size)}

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        y, conv = self.conv.step(x, state["conv"])
        return self._join(x, y), {"conv": conv}

    def _join(self, x: Tensor, y: Tensor) -> Tensor:
        return HALF * (x + self.dropout(F.relu(self.norm(y))))


class CausalConvs(Network):
    """(B, T) symbols, or (B, T, C) floats, to (B, T, P) parameters of the next symbol. State: "stack", the blocks'."""

    @config
    class Config:
        """Shape of the network. The defaults are wav2vec's.

        Attributes:
            input: "embedding", a vector for each symbol; "scalar", the symbol's value, or values.
            channels: width of every layer.
            kernel_size: taps of each.
            dropout: probability with which an element of a layer's output is lost in training.
        """

        kind: Literal["causal_convs"] = "causal_convs"
        input: InputKind = "embedding"
        num_layers: Depth = 9
        channels: Width = 512
        kernel_size: Annotated[Width, Field(ge=2)] = 3
        dropout: Probability = 0.0

    def __init__(
        self, config: Config, num_symbols: int, num_params: int, condition_channels: int = 0, in_channels: int = 1
    ) -> None:
        super().__init__()
        self.config, channels = config, config.channels
        self.takes_symbols = config.input == "embedding"
        self.input = Inputs(config.input, num_symbols, in_channels, channels, condition_channels)
        blocks = (ConvBlock(channels, config.kernel_size, config.dropout) for _ in range(config.num_layers))
        self.stack = Serial(*blocks)
        self.head = CausalConv1d(channels, num_params)
        self.receptive_field: int = 1 + config.num_layers * (config.kernel_size - 1)

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        return self.head(self.stack(self.input(x, condition.aligned)))

    def init_state(self, batch_size: int, condition: Condition) -> State:
        return {"stack": self.stack.init_state(batch_size)}

    def step_hidden(self, x: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        x, stack = self.stack.step(self.input(x, condition.aligned), state["stack"])
        return x, {"stack": stack}

    @property
    def output(self) -> nn.Module:
        return self.head
