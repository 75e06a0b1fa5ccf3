"""Transformer encoder–decoder (Vaswani et al., Attention Is All You Need, arXiv 1706.03762).

    encoder block:  a = x + attention(x, x)              both ways, within the sentence
                    x' = a + feed_forward(a)
    decoder block:  a = y + self_attention(y)            up to its own step
                    b = a + attention(a, memory)
                    y' = b + feed_forward(b)
    parameters of y_{t+1} = W y

A norm follows each sum (post-norm, the paper's), or comes before each branch, with one more after the last block
(pre-norm). Keys and values of the memory are computed once, and go along in the state.

B batch, S source steps, T target steps, N symbols, C channels, H heads, D channels of a head, P parameters.
"""

import math
from typing import Any, Literal

import torch
from torch import Tensor, nn

from undertow.batch import Condition
from undertow.config import Count, Depth, Probability, Width, config
from undertow.errors import UsageError, counted
from undertow.layers import (
    CausalSelfAttention,
    Dropout,
    Embedding,
    FeedForward,
    MultiHeadAttention,
    TiedOutput,
)
from undertow.layers.attention import Places
from undertow.layers.positions import Sinusoidal
from undertow.layers.sharing import OWN, readers_of
from undertow.networks.encoder_decoder import Encoder, EncoderDecoder, InputShape, cleared, within
from undertow.networks.network import Network, check_length
from undertow.state import State


class Seq2SeqTransformer(EncoderDecoder):
    """A sentence to another; every step of the decoder looks at all of the source."""

    attends = True

    @config
    class Config:
        """Shape of both halves. The defaults are the paper's base size.

        Attributes:
            encoder_layers, decoder_layers: blocks of each half.
            feed_forward_channels: width between a block's two products.
            norm_first: a norm before each branch (pre-norm), else after each sum (the paper's post-norm).
            dropout: share of the inputs, of attention's weights and of each branch's output that training hides.
            embeddings: "separate" tables; "tied", the output's weights are the target embedding's; "shared", the
                source's table too, for one alphabet on both sides (the paper's, §3.4).
            max_length: steps of a source, and of a target with its start, at most.
        """

        kind: Literal["transformer"] = "transformer"
        encoder_layers: Depth = 6
        decoder_layers: Depth = 6
        channels: Width = 512
        num_heads: Width = 8
        feed_forward_channels: Width = 2048
        norm_first: bool = False
        dropout: Probability = 0.1
        embeddings: Literal["separate", "tied", "shared"] = "tied"
        max_length: Count = 256

        def __post_init__(self) -> None:
            if self.channels % self.num_heads or self.channels % 2:
                raise UsageError(
                    f"channels {self.channels} must be even and divide into {counted(self.num_heads, 'head')}"
                )

    def __init__(self, config: Config, source: InputShape, target: InputShape, num_params: int) -> None:
        super().__init__()
        if config.embeddings == "shared" and source.num_symbols + 1 != target.num_symbols:
            raise UsageError("embeddings are shared only between equal alphabets of source and target")
        self.config, self.memory_channels = config, config.channels
        self.encoder = TransformerEncoder(config, source)
        self.decoder = TransformerDecoder(config, target, num_params)
        if config.embeddings == "shared":
            self.encoder.input = self.decoder.input
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            if isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=config.channels**-0.5)

    def alignment(self, x: Tensor, condition: Condition) -> Tensor:
        """The last block's attention to the source, the mean over its heads: (B, T, S)."""
        decoder: Any = self.decoder
        return decoder.attention_to_source(x, condition)[-1].mean(dim=1)

    def attended(self, x: Tensor, condition: Condition) -> tuple[Tensor, list[Tensor]]:
        decoder: Any = self.decoder
        params, weights = decoder.attended(x, condition)
        return params, weights


class TransformerEncoder(Encoder):
    """A source (B, S), or frames (B, S, F), to its memory (B, S, C)."""

    def __init__(self, config: Seq2SeqTransformer.Config, source: InputShape) -> None:
        super().__init__()
        self.config, self.max_length = config, config.max_length
        self.input = source.inputs(config.channels)
        self.entrance = Entrance(config, scale=math.sqrt(config.channels) if source.num_symbols else 1.0)
        self.blocks: Any = nn.ModuleList(EncoderBlock(config) for _ in range(config.encoder_layers))
        self.norm = nn.LayerNorm(config.channels) if config.norm_first else nn.Identity()

    def forward(self, source: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        check_length(source.shape[1], self.max_length)
        x = self.entrance(self.input(cleared(source, lengths)), torch.arange(source.shape[1], device=source.device))
        seen = within(lengths, source.shape[1])
        for block in self.blocks:
            x = block(x, seen)
        return self.norm(x) * seen[..., None], lengths


class TransformerDecoder(Network):
    """(B, T) symbols, or frames (B, T, M), and the source's memory to (B, T, P) parameters of the next.

    State: "blocks", each block's "attention" by its number; "memory" with each block's "keys" and "values" of the
    source, and its "lengths" (B,).
    """

    receptive_field = None

    def __init__(self, config: Seq2SeqTransformer.Config, target: InputShape, num_params: int) -> None:
        super().__init__()
        self.config, self.max_length = config, config.max_length
        self.takes_symbols = bool(target.num_symbols)
        self.input = target.inputs(config.channels)
        self.entrance = Entrance(config, scale=math.sqrt(config.channels) if target.num_symbols else 1.0)
        self.blocks: Any = nn.ModuleList(DecoderBlock(config) for _ in range(config.decoder_layers))
        self.norm = nn.LayerNorm(config.channels) if config.norm_first else nn.Identity()
        self.tied = config.embeddings != "separate" and num_params == target.num_symbols
        self.head = TiedOutput() if self.tied else nn.Linear(config.channels, num_params, bias=False)

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        x, memory, seen = self._enter_whole(x, condition)
        for block, read in zip(self.blocks, memory["blocks"].values(), strict=True):
            x = block(x, read, seen)
        return self.leave(x)

    def init_state(self, batch_size: int, condition: Condition) -> State:
        return self.init_with_room(batch_size, condition, self.config.max_length)

    def init_with_room(self, batch_size: int, condition: Condition, num_steps: int) -> State:
        blocks = {str(number): block.init_state(batch_size, num_steps) for number, block in enumerate(self.blocks)}
        return {"blocks": blocks, "memory": self._read(condition)}

    def step_hidden(self, x: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        past, memory, after = state["blocks"], state["memory"], {}
        x, seen, readers = self._enter(x, past["0"]["attention"]["position"]), _seen(memory), readers_of(memory)
        places = self.blocks[0].attention.places(past["0"]["attention"], x.shape[1])
        for number, block in enumerate(self.blocks):
            own, read = past[str(number)], memory["blocks"][str(number)]
            x, after[str(number)] = block.step(x, own, read, seen, readers, places)
        return x, {"blocks": after, "memory": memory}

    def leave(self, hidden: Tensor) -> Tensor:
        hidden = self.norm(hidden)
        return self.head(hidden, self.table.weight) if self.tied else self.head(hidden)

    def with_room(self, state: State, num_steps: int) -> State:
        past = state["blocks"]
        blocks = {
            str(number): block.with_room(past[str(number)], num_steps) for number, block in enumerate(self.blocks)
        }
        return {**state, "blocks": blocks}

    @property
    def output(self) -> nn.Module:
        return self.head

    def attention_to_source(self, x: Tensor, condition: Condition) -> list[Tensor]:
        """How much each step of a whole target looks at each of the source, in every block: (B, H, T, S)."""
        x, memory, seen = self._enter_whole(x, condition)
        weights = []
        for block, read in zip(self.blocks, memory["blocks"].values(), strict=True):
            weights.append(block.weights(x, read, seen))
            x = block(x, read, seen)
        return weights

    def attended(self, x: Tensor, condition: Condition) -> tuple[Tensor, list[Tensor]]:
        """Parameters (B, T, P) of a whole target, and `attention_to_source`, of one pass."""
        x, memory, seen = self._enter_whole(x, condition)
        weights = []
        for block, read in zip(self.blocks, memory["blocks"].values(), strict=True):
            x, looked = block.attended(x, read, seen)
            weights.append(looked)
        return self.leave(x), weights

    def _read(self, condition: Condition) -> State:
        """What the state holds of the source."""
        assert condition.memory is not None and condition.memory_lengths is not None
        read = {str(number): block.source_attention.read(condition.memory) for number, block in enumerate(self.blocks)}
        return {"blocks": read, "lengths": condition.memory_lengths}

    def _enter_whole(self, x: Tensor, condition: Condition) -> tuple[Tensor, State, Tensor]:
        """What the first block is given of a whole target, and each block's part of the memory, and what is seen."""
        check_length(x.shape[1], self.max_length)
        memory = self._read(condition)
        return self._enter(x, memory["lengths"].new_zeros(1)), memory, _seen(memory)

    def _enter(self, x: Tensor, position: Tensor) -> Tensor:
        """Steps whose first is at `position` (B or 1,), as the first block is given them."""
        steps = position[:, None] + torch.arange(x.shape[1], device=x.device)
        return self.entrance(self.input(x), steps)

    @property
    def table(self) -> nn.Embedding:
        """A vector of each symbol, and the last one the start's."""
        assert isinstance(self.input.symbols, Embedding)
        return self.input.symbols.table


class EncoderBlock(nn.Module):
    """Attention within a sentence, both ways, then a feed-forward network: (B, S, C) -> (B, S, C)."""

    def __init__(self, config: Seq2SeqTransformer.Config) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(config.channels, config.num_heads, dropout=config.dropout)
        self.feed_forward = FeedForward(config.channels, config.feed_forward_channels)
        self.sums: Any = nn.ModuleList(Sum(config) for _ in range(2))

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        attended, fed = self.sums
        read = attended.read(x)
        x = attended(x, self.attention(read, **self.attention.read(read), seen=seen))
        return fed(x, self.feed_forward(fed.read(x)))


class DecoderBlock(nn.Module):
    """Attention to what is written, attention to the source, then a feed-forward network: (B, T, C) -> (B, T, C).

    State: "attention", to what is written.
    """

    def __init__(self, config: Seq2SeqTransformer.Config) -> None:
        super().__init__()
        shape = config.channels, config.num_heads
        self.attention = CausalSelfAttention(*shape, config.max_length, config.dropout)
        self.source_attention = MultiHeadAttention(*shape, dropout=config.dropout)
        self.feed_forward = FeedForward(config.channels, config.feed_forward_channels)
        self.sums: Any = nn.ModuleList(Sum(config) for _ in range(3))

    def forward(self, x: Tensor, memory: State, seen: Tensor) -> Tensor:
        x = self.sums[0](x, self.attention(self.sums[0].read(x)))
        return self._after_attention(x, memory, seen)

    def init_state(self, batch_size: int, num_steps: int) -> State:
        return {"attention": self.attention.init_state(batch_size, num_steps)}

    def with_room(self, state: State, num_steps: int) -> State:
        return {"attention": self.attention.with_room(state["attention"], num_steps)}

    def step(
        self, x: Tensor, state: State, memory: State, seen: Tensor, readers: State, places: Places
    ) -> tuple[Tensor, State]:
        """The next T steps: what the block makes of them, and its state with them in it."""
        y, attention = self.attention.step(self.sums[0].read(x), state["attention"], places=places)
        return self._after_attention(self.sums[0](x, y), memory, seen, readers), {"attention": attention}

    def weights(self, x: Tensor, memory: State, seen: Tensor) -> Tensor:
        """How much each step of a whole target looks at each of the source: (B, H, T, S)."""
        x = self.sums[0](x, self.attention(self.sums[0].read(x)))
        return self.source_attention.weights(self.sums[1].read(x), memory["keys"], seen)

    def attended(self, x: Tensor, memory: State, seen: Tensor) -> tuple[Tensor, Tensor]:
        """`forward`, and how much each step looks at each of the source: (B, H, T, S), before dropout."""
        x = self.sums[0](x, self.attention(self.sums[0].read(x)))
        weights = self.source_attention.weights(self.sums[1].read(x), memory["keys"], seen)
        return self._after_attention(x, memory, seen), weights

    def _after_attention(self, x: Tensor, memory: State, seen: Tensor, readers: State = OWN) -> Tensor:
        _, attended, fed = self.sums
        x = attended(x, self.source_attention(attended.read(x), **memory, seen=seen, readers=readers))
        return fed(x, self.feed_forward(fed.read(x)))


def _seen(memory: State) -> Tensor:
    """Which steps of the source may be looked at, (B, S)."""
    return within(memory["lengths"], memory["blocks"]["0"]["keys"].shape[1])


class Entrance(nn.Module):
    """Steps (…, T, C) and the waves of their positions (…, T), with dropout (§3.4, §3.5, §5.4).

    Embeddings are small, and scaled by √C; frames of sound are not, and would drown out their positions if they were.
    """

    def __init__(self, config: Seq2SeqTransformer.Config, scale: float) -> None:
        super().__init__()
        self.scale, self.dropout = scale, Dropout(config.dropout)
        self.positions = Sinusoidal(config.max_length, config.channels)

    def forward(self, x: Tensor, steps: Tensor) -> Tensor:
        return self.dropout(x * self.scale + self.positions(steps))


class Sum(nn.Module):
    """x + dropout(y), with a norm before the branch that made y of x, or after the sum."""

    def __init__(self, config: Seq2SeqTransformer.Config) -> None:
        super().__init__()
        self.norm, self.norm_first = nn.LayerNorm(config.channels), config.norm_first
        self.dropout = Dropout(config.dropout)

    def read(self, x: Tensor) -> Tensor:
        """What the branch is given."""
        return self.norm(x) if self.norm_first else x

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        x = x + self.dropout(y)
        return x if self.norm_first else self.norm(x)
