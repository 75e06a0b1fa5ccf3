"""ByteNet, translation in linear time (Kalchbrenner et al., arXiv 1610.10099, the second version, of 2017).

    |t̂| = max(|s|, ⌈a |s| + b⌉)                     columns of a source of |s| steps, its end symbol among them
    m = blocks(E[s] and zeros up to |t̂|)            each sees both ways; m_t = 0 beyond |t̂|
    h_0,t = E[y_(t-1)] + m_t                         the decoder is stacked on the encoder, column by column
    h_l = h_(l-1) + block_l(h_(l-1))                 each sees the past alone
    parameters of y_t = W_2 dropout(relu(W_1 h_L))

Nothing is attended to: step t has the source's column t and what the encoder carried there. a and b are fitted to a
data set's lengths, so that a target has about as many steps as its source has columns; writing goes on until the end
symbol, past |t̂| too (dynamic unfolding, §2.3).

B batch, S source steps, M columns, T target steps, N symbols, d channels inside a block, P parameters.
"""

from typing import Annotated, Any, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from undertow.batch import Condition
from undertow.config import Depth, NonNegative, Number, Probability, Width, config
from undertow.errors import UsageError
from undertow.layers import Dropout, Serial, dilation_cycles
from undertow.layers.sharing import OWN, readers_of, source_of
from undertow.networks.bytenet import Head, NormedConv1d, ReLUBlock
from undertow.networks.encoder_decoder import Encoder, EncoderDecoder, InputShape, cleared, within
from undertow.networks.network import Network
from undertow.state import State

ROUNDING = 1e-6  # by which a |s| + b may pass a whole number and still be it


class Seq2SeqByteNet(EncoderDecoder):
    """A sentence to another, both halves of dilated convolutions; it has no alignment."""

    @config
    class Config:
        """Shape of both halves. The defaults are the paper's for characters.

        Attributes:
            channels: d; the residual stream and the embeddings are 2d wide.
            kernel_size: odd, so that the encoder looks as far to each side.
            encoder_cycles, decoder_cycles: how often each half repeats the dilations.
            layers_per_cycle: of dilations 1, 2, 4, …, 2^(layers_per_cycle - 1).
            dropout: probability with which training loses an element before the last 1×1 convolution, as published.
            block_dropout: likewise in what each block adds to its input, and in the embeddings. Not the paper's; for
                small data.
            length_ratio: a, columns for each step of the source.
            length_offset: b, columns beside those. Lengths are counted with their end symbols.
        """

        kind: Literal["bytenet"] = "bytenet"
        channels: Width = 800
        kernel_size: Annotated[Width, Field(ge=3)] = 3
        encoder_cycles: Depth = 6
        decoder_cycles: Depth = 6
        layers_per_cycle: Annotated[Depth, Field(le=24)] = 5
        dropout: Probability = 0.1
        block_dropout: Probability = 0.0
        length_ratio: Annotated[NonNegative, Field(le=100)] = 1.2
        length_offset: Annotated[float, Field(ge=-1000, le=1000), Number] = 0.0

        def __post_init__(self) -> None:
            if self.kernel_size % 2 == 0:
                raise UsageError(f"kernel_size is {self.kernel_size}; it must be odd: the encoder looks both ways")

    def __init__(self, config: Config, source: InputShape, target: InputShape, num_params: int) -> None:
        super().__init__()
        self.config = config
        self.encoder = ColumnEncoder(config, source)
        self.decoder = ColumnDecoder(config, target, num_params)

    @staticmethod
    def completed(values: dict[str, Any], ratio: float, offset: float) -> dict[str, Any]:
        if {"length_ratio", "length_offset"} & values.keys():
            return values
        return {**values, "length_ratio": ratio, "length_offset": offset}


class ColumnEncoder(Encoder):
    """A source (B, S), or frames (B, S, F), to its columns (B, M, 2d), as many as the longest row's |t̂|."""

    def __init__(self, config: Seq2SeqByteNet.Config, source: InputShape) -> None:
        super().__init__()
        self.config = config
        self.input, self.dropout = source.inputs(2 * config.channels), Dropout(config.block_dropout)
        dilations = dilation_cycles(config.encoder_cycles, config.layers_per_cycle)
        self.blocks: Any = nn.ModuleList(EncoderBlock(config, dilation) for dilation in dilations)

    def forward(self, source: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        columns = self.num_columns(lengths)
        num_columns = int(columns.max())
        x = self.dropout(self.input(cleared(source, lengths))) * within(lengths, source.shape[1])[..., None]
        x = F.pad(x, (0, 0, 0, num_columns - x.shape[1]))
        seen = within(columns, num_columns)[..., None]
        for block in self.blocks:
            x = block(x, seen)
        return x * seen, columns

    def num_columns(self, lengths: Tensor) -> Tensor:
        """|t̂| of sources of these lengths (B,): never less than the source has."""
        expected = lengths.double() * self.config.length_ratio + self.config.length_offset
        return torch.maximum(lengths, (expected - ROUNDING).ceil().long())


class EncoderBlock(nn.Module):
    """`ReLUBlock`, its convolution unmasked: (B, M, 2d) -> (B, M, 2d).

    The convolution sees zeros beyond each row's columns, as before its first.
    """

    def __init__(self, config: Seq2SeqByteNet.Config, dilation: int) -> None:
        super().__init__()
        channels = config.channels
        self.reduce = NormedConv1d(2 * channels, channels)
        self.dilated = NormedConv1d(channels, channels, config.kernel_size, dilation)
        self.expand = NormedConv1d(channels, 2 * channels)
        self.ahead = config.kernel_size // 2 * dilation
        self.dropout = Dropout(config.block_dropout)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        h = F.relu(self.dilated.norm(self.reduce(x))) * seen
        h = self.dilated.conv(F.pad(h, (0, 0, 0, self.ahead)))[:, self.ahead :]
        return x + self.dropout(self.expand(h))


class ColumnDecoder(Network):
    """(B, T) symbols, or frames (B, T, M), and the source's columns to (B, T, P) parameters of the next symbol.

    State: "memory" with "columns" (B, M, 2d) and their "lengths" (B,); "position" (B,) int64, the steps so far;
    "stack".
    """

    def __init__(self, config: Seq2SeqByteNet.Config, target: InputShape, num_params: int) -> None:
        super().__init__()
        self.takes_symbols = bool(target.num_symbols)
        self.input = target.inputs(2 * config.channels)
        self.dropout = Dropout(config.block_dropout)
        dilations = dilation_cycles(config.decoder_cycles, config.layers_per_cycle)
        shape, dropout = (config.channels, config.kernel_size), config.block_dropout
        self.stack = Serial(*(ReLUBlock(*shape, dilation, dropout) for dilation in dilations))
        self.head = Head(2 * config.channels, num_params, config.dropout)
        self.receptive_field = self.stack.receptive_field

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        return self.head(self.stack(self._enter_whole(x, condition)))

    def last(self, x: Tensor, condition: Condition) -> Tensor:
        assert self.receptive_field is not None
        x = self._enter_whole(x, condition)[:, -self.receptive_field :]
        return self.head(self.stack(x)[:, -1:])[:, 0]

    def init_state(self, batch_size: int, condition: Condition) -> State:
        memory, lengths = condition.memory, condition.memory_lengths
        assert memory is not None and lengths is not None
        return {
            "memory": {"columns": memory, "lengths": lengths},
            "position": torch.zeros_like(lengths),
            "stack": self.stack.init_state(batch_size),
        }

    def step_hidden(self, x: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        memory, position = state["memory"], state["position"]
        entered = self._enter(x, memory["columns"], memory["lengths"], position, readers_of(memory))
        hidden, stack = self.stack.step(entered, state["stack"])
        return hidden, {"memory": memory, "position": position + x.shape[1], "stack": stack}

    @property
    def output(self) -> nn.Module:
        return self.head.output

    def _enter_whole(self, x: Tensor, condition: Condition) -> Tensor:
        memory, lengths = condition.memory, condition.memory_lengths
        assert memory is not None and lengths is not None
        return self._enter(x, memory, lengths, torch.zeros_like(lengths))

    def _enter(self, x: Tensor, memory: Tensor, lengths: Tensor, position: Tensor, readers: State = OWN) -> Tensor:
        """E[y] of steps (B, T), the first one at `position` (B,), and the columns that they have."""
        steps = position[:, None] + torch.arange(x.shape[1], device=position.device)
        source = source_of(readers, len(x), position.device)
        columns = memory[source[:, None], steps.clamp(max=memory.shape[1] - 1)]
        return self.dropout(self.input(x)) + columns * (steps < lengths[source, None])[..., None]
