"""A label for every step of a sequence: recurrent layers that read it from both ends (Graves and Schmidhuber, 2005).

    h^l = [forward^l(h^(l-1)), backward^l(h^(l-1))],  outputs = V dropout(h^L)

For chunks of text: Huang et al., arXiv 1508.01991.

B batch, T time, C channels, P outputs.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from undertow.config import Depth, Probability, Width, config
from undertow.layers import Cell, Dropout, Recurrent
from undertow.layers.context import masked, steps_present
from undertow.networks.encoder_decoder import reverse_rows
from undertow.networks.labeller import Labeller


class BiLSTM(Labeller):
    """(B, T, C) to (B, T, P); it sees all of a sequence."""

    dims = 1
    receptive_field = None

    @config
    class Config:
        """Shape of the network.

        Attributes:
            cell: "lstm", "gru", or "rnn", the plain one with tanh.
            channels: width of a layer's state in each direction.
            dropout: probability with which an element of a layer's inputs, and of the last layer's output, is lost in
                training.
        """

        kind: Literal["bilstm"] = "bilstm"
        cell: Cell = "lstm"
        num_layers: Depth = 1
        channels: Width = 128
        dropout: Probability = 0.0

    def __init__(self, config: Config, num_outputs: int, in_channels: int) -> None:
        super().__init__()
        self.config = config
        widths = [in_channels, *[2 * config.channels] * (config.num_layers - 1)]
        self.forwards = nn.ModuleList(Recurrent(config.cell, width, config.channels) for width in widths)
        self.backwards = nn.ModuleList(Recurrent(config.cell, width, config.channels) for width in widths)
        self.head = nn.Linear(2 * config.channels, num_outputs)
        self.dropout = Dropout(config.dropout)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        present = None if lengths is None else steps_present(x, lengths)
        if lengths is None:
            lengths = torch.full((len(x),), x.shape[1], device=x.device)
        x = masked(x, present)
        for ahead, back in zip(self.forwards, self.backwards, strict=True):
            x = self.dropout(x)
            behind = reverse_rows(back(reverse_rows(x, lengths)), lengths)
            x = masked(torch.cat([ahead(x), behind], dim=-1), present)
        return masked(self.head(self.dropout(x)), present)

    @property
    def output(self) -> nn.Module:
        return self.head
