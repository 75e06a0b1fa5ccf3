"""ByteNet's decoder as a language model (Kalchbrenner et al., Neural Machine Translation in Linear Time,
arXiv 1610.10099, the second version, of 2017).

    h_0 = E[x_t]                                    2d wide
    h_l = h_(l-1) + block_l(h_(l-1))                dilations 1, 2, 4, 8, 16 in cycles
    parameters of x_(t+1) = W_2 dropout(relu(W_1 h_L))

Every block reduces to d channels, sees the past there through one masked dilated convolution, and expands again.
Layer norm is within a step, so nothing leaks from the future (§3.3: "sub-batch normalisation" of the first version did
need masking).

B batch, T time, N symbols, d channels inside a block, P parameters of the output distribution.
"""

from abc import ABC
from typing import Annotated, Literal

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from undertow.batch import Condition
from undertow.config import Depth, Probability, Width, config
from undertow.layers import (
    CausalConv1d,
    Dropout,
    InputKind,
    Inputs,
    Layer,
    LayerNorm,
    MultiplicativeUnit,
    Serial,
    StatelessLayer,
    dilation_cycles,
)
from undertow.networks.network import Network
from undertow.state import State


class NormedConv1d(Layer):
    """W * relu(LN(x)), a causal dilated convolution of the normed and rectified input: (B, T, C) -> (B, T, O).

    State: "conv", the convolution's.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.norm = LayerNorm(in_channels)
        self.conv = CausalConv1d(in_channels, out_channels, kernel_size, dilation)
        self.receptive_field = self.conv.receptive_field

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.relu(self.norm(x)))

    def init_state(self, batch_size: int) -> State:
        return {"conv": self.conv.init_state(batch_size)}

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        y, past = self.conv.step(F.relu(self.norm(x)), state["conv"])
        return y, {"conv": past}


class ResidualBlock(Layer, ABC):
    """x + dropout(inner(x)): (B, T, 2d) -> (B, T, 2d). State: "inner", the inner layers'."""

    def __init__(self, inner: Serial, dropout: float = 0.0) -> None:
        super().__init__()
        self.inner, self.dropout = inner, Dropout(dropout) if dropout else nn.Identity()
        self.receptive_field = inner.receptive_field

    def forward(self, x: Tensor) -> Tensor:
        return x + self.dropout(self.inner(x))

    def init_state(self, batch_size: int) -> State:
        return {"inner": self.inner.init_state(batch_size)}

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        y, inner = self.inner.step(x, state["inner"])
        return x + self.dropout(y), {"inner": inner}


class ReLUBlock(ResidualBlock):
    """The block of translation (figure 3, left): 1×1 to d, masked dilated k at d, 1×1 to 2d, each of relu(LN(·)).

    Dropout is not the paper's.
    """

    def __init__(self, channels: int, kernel_size: int, dilation: int, dropout: float = 0.0) -> None:
        inner = Serial(
            NormedConv1d(2 * channels, channels),
            NormedConv1d(channels, channels, kernel_size, dilation),
            NormedConv1d(channels, 2 * channels),
        )
        super().__init__(inner, dropout)


class MUBlock(ResidualBlock):
    """The block of language models (figure 3, right): between the two 1×1, LN and two multiplicative units.

    The first unit is 1×1; only the second is masked and dilated.
    """

    def __init__(self, channels: int, kernel_size: int, dilation: int) -> None:
        super().__init__(
            Serial(
                NormedConv1d(2 * channels, channels),
                LayerNorm(channels),
                MultiplicativeUnit(channels),
                MultiplicativeUnit(channels, kernel_size, dilation),
                NormedConv1d(channels, 2 * channels),
            )
        )


BLOCKS: dict[str, type[ReLUBlock | MUBlock]] = {"relu": ReLUBlock, "mu": MUBlock}


class ByteNet(Network):
    """(B, T) symbols, or (B, T, C) floats, to (B, T, P) parameters of the next symbol. State: "stack", the blocks'."""

    @config
    class Config:
        """Shape of the network. The defaults are the paper's character language model.

        Attributes:
            input: "embedding", a vector for each symbol; "scalar", the symbol's value, or values.
            block: "mu", multiplicative units (language models); "relu" (translation).
            channels: d; the residual stream and the embedding are 2d wide.
            num_cycles: how often the dilations 1, 2, 4, …, 2^(layers_per_cycle - 1) are repeated.
            dropout: probability with which an element is lost in training, before the last 1×1 convolution.
        """

        kind: Literal["bytenet"] = "bytenet"
        input: InputKind = "embedding"
        block: Literal["mu", "relu"] = "mu"
        channels: Width = 512
        kernel_size: Annotated[Width, Field(ge=2)] = 3
        num_cycles: Depth = 6
        layers_per_cycle: Annotated[Depth, Field(le=24)] = 5
        dropout: Probability = 0.1

    def __init__(
        self, config: Config, num_symbols: int, num_params: int, condition_channels: int = 0, in_channels: int = 1
    ) -> None:
        super().__init__()
        self.config = config
        self.takes_symbols = config.input == "embedding"
        channels, block = config.channels, BLOCKS[config.block]
        self.input = Inputs(config.input, num_symbols, in_channels, 2 * channels, condition_channels)
        dilations = dilation_cycles(config.num_cycles, config.layers_per_cycle)
        self.stack = Serial(*(block(channels, config.kernel_size, dilation) for dilation in dilations))
        self.head = Head(2 * channels, num_params, config.dropout)
        self.receptive_field = self.stack.receptive_field

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        return self.head(self.stack(self.input(x, condition.aligned)))

    def init_state(self, batch_size: int, condition: Condition) -> State:
        return {"stack": self.stack.init_state(batch_size)}

    def step_hidden(self, x: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        x, stack = self.stack.step(self.input(x, condition.aligned), state["stack"])
        return x, {"stack": stack}

    @property
    def output(self) -> nn.Module:
        return self.head.output


class Head(StatelessLayer):
    """1×1, ReLU, dropout, 1×1: (B, T, 2d) -> (B, T, P)."""

    def __init__(self, channels: int, num_params: int, dropout: float) -> None:
        super().__init__()
        self.hidden = CausalConv1d(channels, channels)
        self.dropout = Dropout(dropout)
        self.output = CausalConv1d(channels, num_params)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.dropout(F.relu(self.hidden(x))))
