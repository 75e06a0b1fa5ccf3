"""A recurrent language model: LSTM, GRU or plain RNN layers between an embedding and a linear output.

    h^0_t = E[x_t]                              (or the values x_t themselves)
    h^l_t = cell(h^(l-1)_t, h^l_(t-1))          l = 1 … L, with a learned h^l_0
    parameters of x_(t+1) = W h^L_t + b

LSTM: Hochreiter & Schmidhuber 1997; GRU: Cho et al., arXiv 1406.1078; dropout on every connection but the recurrent
ones: Zaremba et al., arXiv 1409.2329.

B batch, T time, N symbols, C channels, P parameters of the output distribution.
"""

from typing import Literal

from torch import Tensor, nn

from undertow.batch import Condition
from undertow.config import Depth, Probability, Width, config
from undertow.layers import CausalConv1d, Cell, Dropout, InputKind, Inputs, Recurrent, Values
from undertow.networks.network import Network
from undertow.state import State


class RNN(Network):
    """(B, T) symbols, or (B, T, C) floats, to (B, T, P) parameters of the next symbol. State: "layers", the cells'."""

    @config
    class Config:
        """Shape of the network.

        Attributes:
            input: "embedding", a vector for each symbol; "scalar", the symbol's value, or values.
            cell: "lstm", "gru", or "rnn", the plain one with tanh.
            channels: width of each layer's state.
            embedding_channels: width of a symbol's vector; channels when not given.
            dropout: probability with which the embedding, what goes from layer to layer, and the last layer's output
                lose an element in training.
        """

        kind: Literal["rnn"] = "rnn"
        input: InputKind = "embedding"
        cell: Cell = "lstm"
        num_layers: Depth = 2
        channels: Width = 512
        embedding_channels: Width | None = None
        dropout: Probability = 0.0

    receptive_field = None

    def __init__(
        self, config: Config, num_symbols: int, num_params: int, condition_channels: int = 0, in_channels: int = 1
    ) -> None:
        super().__init__()
        self.config = config
        self.takes_symbols = config.input == "embedding"
        channels, input_channels = config.channels, config.embedding_channels or config.channels
        self.input: Inputs | Values
        if self.takes_symbols:
            self.input = Inputs("embedding", num_symbols, in_channels, input_channels, condition_channels)
            self.input_dropout = Dropout(config.dropout)
        else:
            self.input, input_channels = Values(), in_channels + condition_channels
            self.input_dropout = Dropout(0.0)
        self.layers = Recurrent(config.cell, input_channels, channels, config.num_layers, config.dropout)
        self.dropout = Dropout(config.dropout)
        self.head = CausalConv1d(channels, num_params)

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        return self.step(x, self.init_state(len(x), condition), condition)[0]

    def init_state(self, batch_size: int, condition: Condition) -> State:
        return {"layers": self.layers.init_state(batch_size)}

    def step_hidden(self, x: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        x = self.input_dropout(self.input(x, condition.aligned))
        hidden, layers = self.layers.step(x, state["layers"])
        return self.dropout(hidden), {"layers": layers}

    @property
    def output(self) -> nn.Module:
        return self.head
