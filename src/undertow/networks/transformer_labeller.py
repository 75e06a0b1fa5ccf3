"""An output for every step of a sequence by self-attention to both sides: the encoder of a Transformer, as BERT's.

    h = encoder(W x + positions),  outputs = V h

Encoder: Vaswani et al., arXiv 1706.03762, here with norms before the branches; without the future hidden: Devlin et
al., arXiv 1810.04805.

B batch, T time, C channels, P outputs.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from undertow.config import Count, Depth, Probability, Width, config
from undertow.errors import UsageError, counted
from undertow.networks.encoder_decoder import InputShape
from undertow.networks.labeller import Labeller
from undertow.networks.seq2seq_transformer import Seq2SeqTransformer, TransformerEncoder


class TransformerLabeller(Labeller):
    """(B, T, C) to (B, T, P); it sees all of a sequence, which has at most `max_length` steps."""

    dims = 1
    receptive_field = None

    @config
    class Config:
        """Shape of the network.

        Attributes:
            feed_forward_channels: width between a block's two products; 4 · channels by default.
            dropout: share of the input and of each branch's output that training hides.
            max_length: the largest number of steps.
        """

        kind: Literal["transformer"] = "transformer"
        num_layers: Depth = 4
        channels: Width = 256
        num_heads: Width = 4
        feed_forward_channels: Width | None = None
        dropout: Probability = 0.1
        max_length: Count = 4096

        def __post_init__(self) -> None:
            if self.channels % self.num_heads or self.channels % 2:
                raise UsageError(
                    f"channels {self.channels} must be even and divide into {counted(self.num_heads, 'head')}"
                )

    def __init__(self, config: Config, num_outputs: int, in_channels: int) -> None:
        super().__init__()
        self.config, self.max_length = config, config.max_length
        shape = Seq2SeqTransformer.Config(
            encoder_layers=config.num_layers,
            channels=config.channels,
            num_heads=config.num_heads,
            feed_forward_channels=config.feed_forward_channels or 4 * config.channels,
            norm_first=True,
            dropout=config.dropout,
            max_length=config.max_length,
        )
        self.encoder = TransformerEncoder(shape, InputShape(channels=in_channels))
        self.head = nn.Linear(config.channels, num_outputs)
        for module in self.encoder.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        if lengths is None:
            lengths = torch.full((len(x),), x.shape[1], device=x.device)
        memory, _ = self.encoder(x, lengths)
        inside = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
        return torch.where(inside[..., None], self.head(memory), 0.0)

    @property
    def output(self) -> nn.Module:
        return self.head
