"""SampleRNN: recurrent layers at several rates, each over frames of samples (Mehri et al., arXiv 1612.07837).

Tier k = K … 2 reads frames f of FS(k) samples, the top one the longest; r(k) = FS(k) / FS(k-1), and FS(1) = 1:

    inp_f   = W_x f + c_f                       c: what the tier above says of this frame; nothing at the top (eq. 3, 6)
    h_f     = H(h_(f-1), inp_f)                 GRU or LSTM, with a learned first state (eq. 4, 7)
    c_j     = W_j h_f, j = 1 … r                r projections, one for each frame, or sample, of the tier below (eq. 5)

The sample tier has no memory (eq. 8-9): FS samples as vectors, then two layers of ReLU.

    parameters of x_(t+1) = W_3 relu(W_2 relu(W_1 (Σ_i W_i E[x_(t-i)] + c_t)))        i = 0 … FS - 1

Frame tiers read symbols q as 2 · (q / (Q/2) - 1), in [-2, 2), or values unchanged. What is known of each step
(speaker, features) is a part of every frame, and is added to the sample tier's sum. Weight norm is on every product but
those inside the cells and that of the condition.

B batch, T time, F frames of a tier, Q symbols, E channels of a symbol's vector, S channels of a step (value and
condition), C channels of every layer, R outputs of a frame, P parameters of the output distribution.
"""

import math
from itertools import pairwise
from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from undertow.batch import Condition
from undertow.config import Depth, Number, Width, config
from undertow.errors import UsageError
from undertow.layers import (
    CausalConv1d,
    Embedding,
    Framed,
    InputKind,
    Layer,
    Recurrent,
    Serial,
    StatelessLayer,
    Values,
    WeightNormConv1d,
)
from undertow.networks.network import Network
from undertow.state import State

QUIET = 0.1  # of the output: at first, every symbol is about as likely
Product = WeightNormConv1d | CausalConv1d
FrameSize = Annotated[int, Field(ge=1, le=65_536), Number]  # four seconds at 16 kHz


class SampleRNN(Network):
    """(B, T) symbols, or (B, T, C) floats, to (B, T, P) parameters of the next symbol.

    State: "tiers", of the frame tiers, and "window", of the sample tier's last samples.
    """

    @config
    class Config:
        """Shape of the network. The defaults are the paper's with three tiers.

        Attributes:
            input: "embedding", a vector for each symbol in the sample tier; "scalar", the symbol's value, or values.
            frame_sizes: samples in a frame of each frame tier, the slowest tier first; each a multiple of the next.
            window: last samples that the sample tier sees; as many as the shortest frame when not given.
            num_layers: recurrent layers of each frame tier.
            channels: width of every layer.
            embedding_channels: width of a symbol's vector.
        """

        kind: Literal["samplernn"] = "samplernn"
        input: InputKind = "embedding"
        frame_sizes: Annotated[tuple[FrameSize, ...], Field(min_length=1, max_length=16)] = (8, 2)
        window: FrameSize | None = None
        cell: Literal["gru", "lstm"] = "gru"
        num_layers: Depth = 1
        channels: Width = 1024
        embedding_channels: Width = 256
        weight_norm: bool = True

        def __post_init__(self) -> None:
            for size, below in pairwise(self.frame_sizes):
                if size % below or size == below:
                    raise UsageError(f"frame_sizes: {size} is not a multiple of the {below} of the tier below it")

    receptive_field = None

    def __init__(
        self, config: Config, num_symbols: int, num_params: int, condition_channels: int = 0, in_channels: int = 1
    ) -> None:
        super().__init__()
        self.config = config
        self.takes_symbols = config.input == "embedding"
        self.period = config.frame_sizes[0]
        channels, norm = config.channels, config.weight_norm
        self.input = Levelled(num_symbols, config.embedding_channels) if self.takes_symbols else Values()
        width, values = (config.embedding_channels, 1) if self.takes_symbols else (in_channels, in_channels)
        self.joined = Values()
        self.tiers = _tiers(config, values + condition_channels)
        self.window = product(width, channels, norm, config.window or config.frame_sizes[-1])
        self.condition = CausalConv1d(condition_channels, channels, bias=False) if condition_channels else None
        hidden = [Hidden(product(channels, channels, norm, gain=math.sqrt(2))) for _ in range(2)]
        self.head = Serial(*hidden, product(channels, num_params, norm, gain=QUIET))

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        vectors, steps = self._read(x, condition)
        return self.leave(self._sum(self.window(vectors), self.tiers(steps), condition))

    def init_state(self, batch_size: int, condition: Condition) -> State:
        return {"tiers": self.tiers.init_state(batch_size), "window": self.window.init_state(batch_size)}

    def step_hidden(self, x: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        vectors, steps = self._read(x, condition)
        told, tiers = self.tiers.step(steps, state["tiers"])
        seen, window = self.window.step(vectors, state["window"])
        return self._sum(seen, told, condition), {"tiers": tiers, "window": window}

    @property
    def output(self) -> nn.Module:
        return self.head.layers[-1]

    def _read(self, x: Tensor, condition: Condition) -> tuple[Tensor, Tensor]:
        """What the sample tier reads (B, T, E), and what frames are made of (B, T, S)."""
        x = self.input(x)
        vectors, values = (x[..., :-1], x[..., -1:]) if self.takes_symbols else (x, x)
        return vectors, self.joined(values, condition.aligned)

    def _sum(self, seen: Tensor, told: Tensor, condition: Condition) -> Tensor:
        return seen + told if self.condition is None else seen + told + self.condition(condition.aligned)


class Tier(Layer):
    """One frame tier over its frames, (B, F, frame) -> (B, F, R · C): for each frame, what R of the tier below hear.

    State: "above", of the slower tier (empty at the top), and "layers".
    """

    receptive_field = None

    def __init__(self, config: SampleRNN.Config, frame_channels: int, num_outputs: int, above: Framed | None) -> None:
        super().__init__()
        channels = config.channels
        self.above = above
        self.input = product(frame_channels, channels, config.weight_norm)
        self.layers = Recurrent(config.cell, channels, channels, config.num_layers)
        self.spread = product(channels, num_outputs * channels, config.weight_norm)

    def forward(self, x: Tensor) -> Tensor:
        given = self.input(x) if self.above is None else self.input(x) + self.above(x)
        return self.spread(self.layers(given))

    def init_state(self, batch_size: int) -> State:
        above = {} if self.above is None else self.above.init_state(batch_size)
        return {"above": above, "layers": self.layers.init_state(batch_size)}

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        given, above = self.input(x), state["above"]
        if self.above is not None:
            told, above = self.above.step(x, above)
            given = given + told
        hidden, layers = self.layers.step(given, state["layers"])
        return self.spread(hidden), {"above": above, "layers": layers}


class Levelled(Embedding):
    """A vector for each symbol, and behind it the symbol as a number in [-2, 2): (B, T) int64 -> (B, T, E + 1).

    The numbers lie evenly, and do not learn; the start symbol's is 0.
    """

    levels: Tensor

    def __init__(self, num_symbols: int, channels: int) -> None:
        super().__init__(num_symbols, channels)
        levels = 2 * (torch.arange(num_symbols) / (num_symbols / 2) - 1)
        self.register_buffer("levels", torch.cat([levels, torch.zeros(1)])[:, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([super().forward(x), F.embedding(x, self.levels)], dim=-1)


class Hidden(StatelessLayer):
    """A product of each step, then ReLU."""

    def __init__(self, product: Product) -> None:
        super().__init__()
        self.product = product

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.product(x))


def _tiers(config: SampleRNN.Config, step_channels: int) -> Framed:
    """The frame tiers, the slowest innermost: a tier's frames are whole frames of the tier below it."""
    sizes, tiers, above = (*config.frame_sizes, 1), [], None
    for size, below in pairwise(sizes):
        tier = Tier(config, size * step_channels, size // below, above)
        above = Framed(tier, size // below, below * step_channels, config.channels)
        tiers.append(above)
    return tiers[-1]


@torch.no_grad()
def product(in_channels: int, out_channels: int, norm: bool, kernel_size: int = 1, gain: float = 1.0) -> Product:
    """A product of each step, or of its last ones, perhaps weight-normed.

    Weights start uniform with a variance of gain² / fan in, and biases at 0: LeCun's, and with a gain of √2 He's.
    """
    layer = (WeightNormConv1d if norm else CausalConv1d)(in_channels, out_channels, kernel_size)
    weight = layer.direction if isinstance(layer, WeightNormConv1d) else layer.weight
    bound = gain * math.sqrt(3 / weight[0].numel())
    weight.uniform_(-bound, bound)
    if isinstance(layer, WeightNormConv1d):
        layer.scale.copy_(weight.flatten(1).norm(dim=1))
    assert layer.bias is not None
    layer.bias.zero_()
    return layer
