"""Recurrent encoder–decoder without attention (Sutskever, Vinyals & Le, arXiv 1409.3215; Cho et al., arXiv 1406.1078).

    v = the state of each layer after the source's last step
    s^l_0 = v^l                                     the decoder's layers begin with it
    s_i = layers(E[y_(i-1)], s_(i-1))
    parameters of y_i = W s_i

All that the decoder knows of the source is v, of one size whatever the source's length. Read from its end to its
beginning, a source has its first words near the translation's, which the paper found to help (§3.3).

B batch, S source steps, T target steps, N symbols, E of an embedding, H channels, L layers, P parameters.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from undertow.batch import Condition
from undertow.config import Depth, Probability, Width, config
from undertow.layers import Dropout, Recurrent
from undertow.networks.encoder_decoder import Encoder, EncoderDecoder, InputShape, cleared, reverse_rows
from undertow.networks.network import Network
from undertow.state import State


class Seq2SeqRNN(EncoderDecoder):
    """A sentence to another, by way of one vector; nothing attends, so it has no alignment."""

    @config
    class Config:
        """Shape of both halves. The defaults are the paper's.

        Attributes:
            cell: "lstm", or "gru".
            num_layers: of each half.
            channels: width of each layer's state.
            embedding_channels: width of a symbol's vector; channels when not given.
            reversed_source: the source is read from its end.
            dropout: probability with which embeddings, what goes from layer to layer, and what goes into the output
                lose an element in training.
        """

        kind: Literal["rnn"] = "rnn"
        cell: Literal["lstm", "gru"] = "lstm"
        num_layers: Depth = 4
        channels: Width = 1000
        embedding_channels: Width | None = None
        reversed_source: bool = True
        dropout: Probability = 0.0

    def __init__(self, config: Config, source: InputShape, target: InputShape, num_params: int) -> None:
        super().__init__()
        self.config = config
        self.encoder = StateEncoder(config, source)
        self.decoder = StateDecoder(config, target, num_params)


class StateEncoder(Encoder):
    """A source (B, S), or frames (B, S, F), to one memory step (B, 1, n · L · H): all that the layers end with.

    n is 2 for an LSTM, h and c, and 1 for a GRU.
    """

    def __init__(self, config: Seq2SeqRNN.Config, source: InputShape) -> None:
        super().__init__()
        width = config.embedding_channels or config.channels
        self.reversed_source = config.reversed_source
        self.input, self.dropout = source.inputs(width), Dropout(config.dropout)
        self.layers = Recurrent(config.cell, width, config.channels, config.num_layers, config.dropout)

    def forward(self, source: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        x = self.dropout(self.input(cleared(source, lengths)))
        if self.reversed_source:
            x = reverse_rows(x, lengths)
        final = self.layers.stacked_state(self.layers.final(x, lengths))  # (B, n, L, H)
        return final.flatten(1)[:, None], torch.ones_like(lengths)


class StateDecoder(Network):
    """(B, T) symbols, or frames (B, T, M), and the encoder's last state to (B, T, P) parameters of the next.

    State: "layers", the cells'.
    """

    receptive_field = None

    def __init__(self, config: Seq2SeqRNN.Config, target: InputShape, num_params: int) -> None:
        super().__init__()
        width, shape = config.embedding_channels or config.channels, (config.channels, config.num_layers)
        self.takes_symbols = bool(target.num_symbols)
        self.input, self.dropout = target.inputs(width), Dropout(config.dropout)
        self.layers = Recurrent(config.cell, width, *shape, config.dropout, learned_start=False)
        self.head = nn.Linear(config.channels, num_params)

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        return self.step(x, self.init_state(len(x), condition), condition)[0]

    def init_state(self, batch_size: int, condition: Condition) -> State:
        assert condition.memory is not None
        return {"layers": self.layers.unstacked(condition.memory[:, 0].unflatten(1, self.layers.initial.shape))}

    def step_hidden(self, x: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        hidden, layers = self.layers.step(self.dropout(self.input(x)), state["layers"])
        return self.dropout(hidden), {"layers": layers}

    @property
    def output(self) -> nn.Module:
        return self.head
