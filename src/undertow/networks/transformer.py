"""Transformer decoder: a language model of self-attention alone (Vaswani et al., arXiv 1706.03762; GPT-2's shape too).

    h_0 = E[x_t] + V y_t + p_t                            p_t the position's vector, unless positions are rotary
    post-norm:  a = norm(h + attention(h))                h' = norm(a + feed_forward(a))
    pre-norm:   a = h + attention(norm(h))                h' = a + feed_forward(norm(a)), and a norm after the last
    parameters of x_{t+1} = W h

Without a window every step sees all before it, and the state has room for `max_length` of them. With one, each layer
sees `window` steps and the state is a ring, so a sequence may go on for ever.

B batch, T time, N symbols, C channels, H heads, D channels of a head, P parameters of the output distribution.
"""

import math
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from undertow.batch import Condition
from undertow.config import Count, Depth, Positive, Probability, Width, config
from undertow.errors import UsageError, counted
from undertow.layers import (
    CausalSelfAttention,
    Dropout,
    Embedding,
    FeedForward,
    GatedFeedForward,
    Inputs,
    Layer,
    TiedOutput,
    WindowedSelfAttention,
)
from undertow.layers.attention import Places
from undertow.layers.positions import Learned, Rotary, Sinusoidal
from undertow.networks.network import Network, check_length
from undertow.state import State

STD = 0.02  # of fresh weights, as GPT-2's


class Transformer(Network):
    """(B, T) symbols, or (B, T, C) floats, to (B, T, P) parameters of the next symbol.

    State: "blocks", each block's by its number, with its "attention".
    """

    @config
    class Config:
        """Shape of the network. The defaults are the paper's base size with GPT-2's order of norms.

        Attributes:
            input: "embedding", a vector for each symbol; "scalar", the symbol's value.
            feed_forward_channels: width between a block's two products; 4 · channels when not given.
            positions: "sinusoidal" or "learned", added to the input; "rotary", which turns queries and keys.
            norm_first: norms before each half of a block (pre-norm), else after (the paper's post-norm).
            activation: of the feed-forward half; "swiglu" is gated, with half as many weights again.
            dropout: share of the input, of attention's weights and of each half's output that training hides.
            tied: the output's weights are the embedding's, wherever the outputs are the input's symbols.
            max_length: inputs it can be given in all, from the start symbol on; needed without a window.
            window: steps that each layer sees; needs rotary positions.
            bias: whether products and norms have one; the output has none.
            norm_epsilon: what a norm adds to the variance.
        """

        kind: Literal["transformer"] = "transformer"
        input: Literal["embedding", "scalar"] = "embedding"
        num_layers: Depth = 6
        channels: Width = 512
        num_heads: Width = 8
        feed_forward_channels: Width | None = None
        positions: Literal["sinusoidal", "learned", "rotary"] = "sinusoidal"
        norm_first: bool = True
        norm: Literal["layer", "rms"] = "layer"
        activation: Literal["relu", "gelu", "gelu_tanh", "swiglu"] = "gelu"
        dropout: Probability = 0.0
        tied: bool = False
        max_length: Count | None = None
        window: Annotated[Count, Field(ge=2)] | None = None
        bias: bool = True
        norm_epsilon: Positive = 1e-5

        def __post_init__(self) -> None:
            if self.channels % self.num_heads:
                raise UsageError(f"channels {self.channels} do not divide into {counted(self.num_heads, 'head')}")
            if self.positions != "learned" and self._waved_channels % 2:
                raise UsageError(
                    f"{self.positions} positions need an even number, not {counted(self._waved_channels, 'channel')}"
                )
            if self.window is None and self.max_length is None:
                raise UsageError("max_length is missing: give the largest number of inputs, or a window")
            if self.window is not None and self.positions != "rotary":
                raise UsageError(f"a window needs rotary positions; {self.positions} ones count from the beginning")
            if self.tied and self.input == "scalar":
                raise UsageError("tied needs input embedding; a scalar input has no embedding to share")

        @property
        def _waved_channels(self) -> int:
            return self.channels // (self.num_heads if self.positions == "rotary" else 1)

    def __init__(
        self, config: Config, num_symbols: int, num_params: int, condition_channels: int = 0, in_channels: int = 1
    ) -> None:
        super().__init__()
        self.config = config
        self.takes_symbols, self.max_length = config.input == "embedding", config.max_length
        self.input = Inputs(config.input, num_symbols, in_channels, config.channels, condition_channels)
        self.positions, self.dropout = _positions(config), Dropout(config.dropout)
        self.blocks: Any = nn.ModuleList(Block(config) for _ in range(config.num_layers))
        self.norm = _norm(config) if config.norm_first else nn.Identity()
        self.tied = config.tied and num_params == num_symbols
        self.head = TiedOutput() if self.tied else nn.Linear(config.channels, num_params, bias=False)
        self.receptive_field = None if config.window is None else config.num_layers * (config.window - 1) + 1
        self._initialise()

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        check_length(x.shape[1], self.max_length)
        x, rotation = self._enter(x, torch.zeros(1, dtype=torch.int64, device=x.device), condition)
        for block in self.blocks:
            x = block(x, rotation)
        return self.leave(x)

    def init_state(self, batch_size: int, condition: Condition) -> State:
        return {"blocks": {str(number): block.init_state(batch_size) for number, block in enumerate(self.blocks)}}

    def with_room(self, state: State, num_steps: int) -> State:
        past = state["blocks"]
        return {"blocks": {str(n): block.with_room(past[str(n)], num_steps) for n, block in enumerate(self.blocks)}}

    def step_hidden(self, x: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        past, after = state["blocks"], {}
        x, rotation = self._enter(x, past["0"]["attention"]["position"], condition)
        places = self.blocks[0].attention.places(past["0"]["attention"], x.shape[1])
        for number, block in enumerate(self.blocks):
            x, after[str(number)] = block.step(x, past[str(number)], rotation, places)
        return x, {"blocks": after}

    def leave(self, hidden: Tensor) -> Tensor:
        hidden = self.norm(hidden)
        return self.head(hidden, self.table) if self.tied else self.head(hidden)

    @property
    def output(self) -> nn.Module:
        return self.head

    def attention_weights(self, x: Tensor, condition: Condition) -> list[Tensor]:
        """How much each step of a whole sequence looks at each, in every layer: (B, H, T, T), rows summing to one."""
        check_length(x.shape[1], self.max_length)
        x, rotation = self._enter(x, torch.zeros(1, dtype=torch.int64, device=x.device), condition)
        weights = []
        for block in self.blocks:
            weights.append(block.attention.weights(block.read(x), rotation))
            x = block(x, rotation)
        return weights

    def _enter(self, x: Tensor, position: Tensor, condition: Condition) -> tuple[Tensor, Tensor | None]:
        """What the first block is given, and the rotation of rotary positions; `position` (B or 1,) is the first's."""
        num_steps = x.shape[1]
        positions = position[:, None] + torch.arange(num_steps, device=position.device)
        x, rotation = self.input(x, condition.aligned), None
        if isinstance(self.positions, Rotary):
            rotation = self.positions(positions).to(x.dtype)
        else:
            scale = math.sqrt(self.config.channels) if isinstance(self.positions, Sinusoidal) else 1.0
            x = x * scale + self.positions(positions)
        return self.dropout(x), rotation

    @property
    def table(self) -> Tensor:
        """The embedding's vectors (N + 1, C), the last one the start symbol's."""
        assert isinstance(self.input.symbols, Embedding)
        return self.input.symbols.table.weight

    @torch.no_grad()
    def _initialise(self) -> None:
        """Weights from N(0, 0.02²), as GPT-2's; with pre-norm, those that end a branch divided by √(2 · layers)."""
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                module.weight.normal_(std=STD)
            if isinstance(module, nn.Linear) and module.bias is not None:
                module.bias.zero_()
        if self.takes_symbols and isinstance(self.positions, Sinusoidal):
            self.table.normal_(std=self.config.channels**-0.5)
        if self.config.norm_first:
            for block in self.blocks:
                for last in (block.attention.output, block.feed_forward.output):
                    last.weight.div_(math.sqrt(2 * self.config.num_layers))


class Block(Layer):
    """Self-attention, then a feed-forward network, each added to what it was given: (B, T, C) -> (B, T, C).

    State: "attention".
    """

    def __init__(self, config: Transformer.Config) -> None:
        super().__init__()
        self.norm_first, self.dropout = config.norm_first, Dropout(config.dropout)
        self.attention_norm, self.feed_forward_norm = _norm(config), _norm(config)
        self.attention = _attention(config)
        self.feed_forward = _feed_forward(config)
        self.receptive_field = self.attention.receptive_field

    def forward(self, x: Tensor, rotation: Tensor | None = None) -> Tensor:
        return self._join(x, self.attention(self.read(x), rotation))

    def init_state(self, batch_size: int) -> State:
        return {"attention": self.attention.init_state(batch_size)}

    def with_room(self, state: State, num_steps: int) -> State:
        return {"attention": self.attention.with_room(state["attention"], num_steps)}

    def step(
        self, x: Tensor, state: State, rotation: Tensor | None = None, places: Places | None = None
    ) -> tuple[Tensor, State]:
        y, attention = self.attention.step(self.read(x), state["attention"], rotation, places)
        return self._join(x, y), {"attention": attention}

    def read(self, x: Tensor) -> Tensor:
        """What attention is given of the block's input."""
        return self.attention_norm(x) if self.norm_first else x

    def _join(self, x: Tensor, attended: Tensor) -> Tensor:
        """The block's output, of its input and what attention made of that."""
        if self.norm_first:
            x = x + self.dropout(attended)
            return x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))
        x = self.attention_norm(x + self.dropout(attended))
        return self.feed_forward_norm(x + self.dropout(self.feed_forward(x)))


def _positions(config: Transformer.Config) -> Sinusoidal | Learned | Rotary:
    if config.positions == "rotary":
        return Rotary(config.channels // config.num_heads)
    assert config.max_length is not None
    kind = Sinusoidal if config.positions == "sinusoidal" else Learned
    return kind(config.max_length, config.channels)


def _attention(config: Transformer.Config) -> CausalSelfAttention | WindowedSelfAttention:
    shape = config.channels, config.num_heads
    if config.window is not None:
        return WindowedSelfAttention(*shape, config.window, config.dropout, config.bias)
    assert config.max_length is not None
    return CausalSelfAttention(*shape, config.max_length, config.dropout, config.bias)


def _feed_forward(config: Transformer.Config) -> FeedForward | GatedFeedForward:
    width = config.feed_forward_channels or 4 * config.channels
    if config.activation == "swiglu":
        return GatedFeedForward(config.channels, width, config.bias)
    return FeedForward(config.channels, width, config.activation, config.bias)


def _norm(config: Transformer.Config) -> nn.Module:
    if config.norm == "rms":
        return nn.RMSNorm(config.channels, config.norm_epsilon)
    return nn.LayerNorm(config.channels, config.norm_epsilon, bias=config.bias)
