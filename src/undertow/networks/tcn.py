"""The temporal convolutional network (Bai, Kolter & Koltun, An Empirical Evaluation of Generic Convolutional and
Recurrent Networks for Sequence Modeling, arXiv 1803.01271).

    h_0 = dropout(E[x_t])                                            (or the values x_t themselves)
    f(h) = dropout(relu(W_2 * dropout(relu(W_1 * h))))               two dilated convolutions, weights normalised
    h_l = relu(f_l(h_(l-1)) + skip(h_(l-1)))                         dilation 2^(l - 1); skip: 1×1 where widths differ
    parameters of x_(t+1) = V h_L

It sees 1 + 2 (k - 1) (2^L - 1) steps. Dropout in the blocks is of whole channels, "spatial dropout", as the paper says;
its published code drops single elements. Weights start as torch's convolutions do, not from the paper's N(0, 0.01): in
its published code weight normalisation undoes that before the first step.

B batch, T time, N symbols, C input channels, O output channels, P parameters of the output distribution.
"""

from itertools import pairwise
from typing import Annotated, Literal

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from undertow.batch import Condition
from undertow.config import Depth, Probability, Width, config
from undertow.errors import UsageError, counted
from undertow.layers import (
    CausalConv1d,
    ChannelDropout,
    Dropout,
    InputKind,
    Inputs,
    Layer,
    Serial,
    Values,
    WeightNormConv1d,
)
from undertow.networks.network import Network
from undertow.state import State


class TemporalBlock(Layer):
    """relu(dropout(relu(W_2 * dropout(relu(W_1 * x)))) + skip(x)): (B, T, C) -> (B, T, O).

    State: "first" and "second", the convolutions'.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.first = WeightNormConv1d(in_channels, out_channels, kernel_size, dilation)
        self.second = WeightNormConv1d(out_channels, out_channels, kernel_size, dilation)
        self.dropout = ChannelDropout(dropout)
        self.skip = CausalConv1d(in_channels, out_channels) if in_channels != out_channels else None
        self.receptive_field = 1 + 2 * self.first.history

    def forward(self, x: Tensor) -> Tensor:
        y = self.dropout(F.relu(self.first(x)))
        return self._join(x, self.dropout(F.relu(self.second(y))))

    def init_state(self, batch_size: int) -> State:
        return {"first": self.first.init_state(batch_size), "second": self.second.init_state(batch_size)}

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        y, first = self.first.step(x, state["first"])
        y, second = self.second.step(self.dropout(F.relu(y)), state["second"])
        return self._join(x, self.dropout(F.relu(y))), {"first": first, "second": second}

    def thinned(self, x: Tensor) -> Tensor:
        """What `forward` gives at its last step and each 2 · dilation steps before it, from no other inputs.

        x holds the inputs at that last step and each dilation before it: (B, n, C) -> (B, ⌈n / 2⌉, O).
        """
        y = self.dropout(F.relu(self.first.thinned(x)))
        y = self.dropout(F.relu(self.second.thinned(y, stride=2)))
        return self._join(x[:, (x.shape[1] - 1) % 2 :: 2], y)

    def _join(self, x: Tensor, y: Tensor) -> Tensor:
        return F.relu(y + (x if self.skip is None else self.skip(x)))


Widths = Annotated[tuple[Width, ...], Field(max_length=1024)]


class TCN(Network):
    """(B, T) symbols, or (B, T, C) floats, to (B, T, P) parameters of the next symbol. State: "stack", the blocks'."""

    @config
    class Config:
        """Shape of the network. The defaults are the paper's model of characters.

        Attributes:
            input: "embedding", a vector for each symbol; "scalar", the symbol's value, or values, as they are.
            channels: width of every level, or of each.
            num_levels: blocks, of dilations 1, 2, 4, …
            dropout: probability with which a block loses a channel of a row, after each convolution in training.
            embedding_channels: width of a symbol's vector.
            embedding_dropout: probability with which an element of it is lost in training.
        """

        kind: Literal["tcn"] = "tcn"
        input: InputKind = "embedding"
        channels: Width | Widths = (450, 450, 100)
        num_levels: Annotated[Depth, Field(le=24)] = 3
        kernel_size: Annotated[Width, Field(ge=2)] = 3
        dropout: Probability = 0.1
        embedding_channels: Width = 100
        embedding_dropout: Probability = 0.1

        def __post_init__(self) -> None:
            if isinstance(self.channels, tuple) and len(self.channels) != self.num_levels:
                raise UsageError(
                    f"channels are given for {counted(len(self.channels), 'level')}; num_levels is {self.num_levels}; "
                    "give one width for each level, or one for all"
                )

    def __init__(
        self, config: Config, num_symbols: int, num_params: int, condition_channels: int = 0, in_channels: int = 1
    ) -> None:
        super().__init__()
        self.config = config
        self.takes_symbols = config.input == "embedding"
        self.input: Inputs | Values
        if self.takes_symbols:
            width = config.embedding_channels
            self.input = Inputs("embedding", num_symbols, in_channels, width, condition_channels)
            self.input_dropout = Dropout(config.embedding_dropout)
        else:
            self.input, width = Values(), in_channels + condition_channels
            self.input_dropout = Dropout(0.0)
        self.stack = Serial(*_blocks(config, width))
        self.head = CausalConv1d(_widths(config)[-1], num_params)
        self.receptive_field: int = sum(block.receptive_field - 1 for block in self.stack.layers) + 1

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        return self.head(self.stack(self._input(x, condition)))

    def init_state(self, batch_size: int, condition: Condition) -> State:
        return {"stack": self.stack.init_state(batch_size)}

    def step_hidden(self, x: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        x, stack = self.stack.step(self._input(x, condition), state["stack"])
        return x, {"stack": stack}

    def last(self, x: Tensor, condition: Condition) -> Tensor:
        """Parameters (B, P) after the last step: a level is asked only for the steps that the next one's taps read.

        That is every second step of those it reads itself, so all levels together cost about one and a half.
        """
        x = self._input(x, condition)[:, -self.receptive_field :]
        for block in self.stack.layers:
            x = block.thinned(x)
        return self.head(x[:, -1:])[:, 0]

    @property
    def output(self) -> nn.Module:
        return self.head

    def _input(self, x: Tensor, condition: Condition) -> Tensor:
        return self.input_dropout(self.input(x, condition.aligned))


def _widths(config: TCN.Config) -> tuple[int, ...]:
    return config.channels if isinstance(config.channels, tuple) else (config.channels,) * config.num_levels


def _blocks(config: TCN.Config, in_channels: int) -> list[TemporalBlock]:
    levels = enumerate(pairwise((in_channels, *_widths(config))))
    return [
        TemporalBlock(before, after, config.kernel_size, 2**level, config.dropout) for level, (before, after) in levels
    ]
