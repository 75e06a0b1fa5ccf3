"""A label for every step of a sequence: a context module over vectors of its steps (arXiv 1511.07122 in 1-D).

    h = relu(W x),  y = context(h),  outputs = V dropout(y)

Dilated convolutions label text in Strubell et al., arXiv 1702.02098.

B batch, T time, C channels, P outputs.
"""

from typing import Literal

from torch import Tensor, nn

from undertow.config import Probability, Width, config
from undertow.layers import ContextModule, Dropout
from undertow.layers.context import masked, steps_present
from undertow.networks.labeller import Labeller


class SequenceContext(Labeller):
    """(B, T, C) to (B, T, P). With dilations of 1 alone it is a plain convolution of the same size."""

    dims = 1

    @config
    class Config:
        """The parts.

        Attributes:
            channels: of the context module.
            context: the context module.
            dropout: probability with which an element is lost in training, before and after the context module.
        """

        kind: Literal["sequence_context"] = "sequence_context"
        channels: Width = 128
        context: ContextModule.Config = ContextModule.Config()
        dropout: Probability = 0.0

    def __init__(self, config: Config, num_outputs: int, in_channels: int) -> None:
        super().__init__()
        self.config = config
        self.input = nn.Linear(in_channels, config.channels)
        self.context = ContextModule(config.context, config.channels, dims=1)
        self.head = nn.Linear(config.channels, num_outputs)
        self.dropout = Dropout(config.dropout)
        self.receptive_field = self.context.receptive_field

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        present = None if lengths is None else steps_present(x, lengths)
        x = self.dropout(self.input(masked(x, present)).relu())
        return masked(self.head(self.dropout(self.context(x, lengths))), present)

    @property
    def output(self) -> nn.Module:
        return self.head
