"""WaveNet: a generative model for raw audio (van den Oord et al., arXiv 1609.03499).

    h_0 = causal convolution of the embedded (or scalar) past
    z_l = tanh(W_f,l * h_{l-1} + V_f,l y) ⊙ σ(W_g,l * h_{l-1} + V_g,l y)      gated, dilated; y is the condition
    h_l = h_{l-1} + R_l z_l                                                   residual
    parameters of x_{t+1} = W_2 relu(W_1 relu(Σ_l S_l z_l))                   skip connections, then the head

y is what the model's conditioner supplies (a speaker, a mel spectrogram at the signal's rate), beside what an optional
context stack says: a smaller WaveNet over whole frames of the past, at 1 / frame_size of the rate (§2.6).

B batch, T time, N symbols, C residual channels, P parameters of the output distribution, Y condition channels.
"""

from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from undertow.batch import Condition
from undertow.config import Depth, PowerOfTwo, Width, config
from undertow.errors import UsageError
from undertow.layers import CausalConv1d, Embedding, Framed, GatedStack, Serial, StatelessLayer, dilation_cycles
from undertow.networks.network import Network
from undertow.state import State

NumDilations = Annotated[Depth, Field(le=24)]  # the last one, 2^23, is 17 minutes at 8 kHz


@config
class ContextStack:
    """A smaller stack over frames of `frame_size` past steps, conditioning the main stack (§2.6).

    One cycle of dilations with kernel size 2: it sees frame_size · (2^num_layers + 1) - 1 steps.
    """

    frame_size: Width = 16
    num_layers: NumDilations = 6
    channels: Width = 32
    gate_channels: Annotated[Width, Field(ge=2, multiple_of=2)] = 64
    out_channels: Width = 32


class WaveNet(Network):
    """(B, T) symbols, or (B, T, C) floats, to (B, T, P) parameters of the next symbol.

    State: "input", "context" (empty where there is none) and "stack".
    """

    @config
    class Config:
        """Shape of the network. The defaults are the shape that the speed benchmarks call "paper".

        Attributes:
            input: "embedding", a vector for each symbol; "scalar", the symbol's value.
            input_gain: a power of two by which scalars are made louder; speech is often no louder than 0.05 of the
                range.
            input_kernel_size: taps of the causal input convolution; 1 with an embedding means none.
            num_cycles: how often the dilations 1, 2, 4, …, 2^(layers_per_cycle - 1) are repeated.
            gate_channels: filter and gate together.
            head_channels: width between the head's two 1×1 convolutions; skip_channels when not given.
            context: an optional context stack.
        """

        kind: Literal["wavenet"] = "wavenet"
        input: Literal["embedding", "scalar"] = "embedding"
        input_gain: PowerOfTwo = 1.0
        input_kernel_size: Width = 1
        num_cycles: Depth = 3
        layers_per_cycle: NumDilations = 10
        kernel_size: Annotated[Width, Field(ge=2)] = 2
        residual_channels: Width = 64
        gate_channels: Annotated[Width, Field(ge=2, multiple_of=2)] = 128
        skip_channels: Width = 256
        head_channels: Width | None = None
        context: ContextStack | None = None

        def __post_init__(self) -> None:
            if self.input_gain != 1 and self.input != "scalar":
                raise UsageError("network.input_gain is for network.input=scalar; embedded symbols have no loudness")

    def __init__(
        self, config: Config, num_symbols: int, num_params: int, condition_channels: int = 0, in_channels: int = 1
    ) -> None:
        super().__init__()
        self.config = config
        self.takes_symbols = config.input == "embedding"
        channels = config.residual_channels
        self.input = _input(config, num_symbols, in_channels)
        self.context = None if config.context is None else _context(config.context, channels)
        if config.context is not None:
            condition_channels += config.context.out_channels
            self.period = config.context.frame_size
        dilations = dilation_cycles(config.num_cycles, config.layers_per_cycle)
        self.stack = GatedStack(channels, config.gate_channels, config.kernel_size, dilations, condition_channels)
        self.skip = Hidden(self.stack.out_channels, config.skip_channels)
        head_channels = config.head_channels or config.skip_channels
        self.head = Serial(Hidden(config.skip_channels, head_channels), CausalConv1d(head_channels, num_params))
        self.receptive_field = self._receptive_field()

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        x = self.input(x)
        context = None if self.context is None else self.context(x)
        return self.leave(self.stack(x, _beside(condition.aligned, context)))

    def init_state(self, batch_size: int, condition: Condition) -> State:
        context = {} if self.context is None else self.context.init_state(batch_size)
        first, stack = self.input.init_state(batch_size), self.stack.init_state(batch_size)
        return {"input": first, "context": context, "stack": stack}

    def step_hidden(self, x: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        """The gated outputs of every layer after the next inputs; skip sum and head need no state."""
        x, first = self.input.step(x, state["input"])
        context, past = None, state["context"]
        if self.context is not None:
            context, past = self.context.step(x, past)
        gated, stack = self.stack.step(x, state["stack"], _beside(condition.aligned, context))
        return gated, {"input": first, "context": past, "stack": stack}

    def leave(self, hidden: Tensor) -> Tensor:
        return self.head(self.skip(hidden))

    @property
    def output(self) -> nn.Module:
        return self.head.layers[-1]

    def _receptive_field(self) -> int:
        """Inputs one output sees. A context enters behind each gate's convolution, so the first one adds no reach."""
        reach, own = self.stack.receptive_field, self.input.receptive_field
        assert reach is not None and own is not None
        if self.context is not None:
            first = self.stack.gates[0].receptive_field
            reach = max(reach, reach - first + self.context.receptive_field)
        return reach + own - 1


class Hidden(StatelessLayer):
    """A 1×1 convolution, then ReLU."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = CausalConv1d(in_channels, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.conv(x))


def _input(config: WaveNet.Config, num_symbols: int, in_channels: int) -> Serial:
    channels, kernel_size = config.residual_channels, config.input_kernel_size
    if config.input == "scalar":
        return Serial(CausalConv1d(in_channels, channels, kernel_size, gain=config.input_gain))
    if kernel_size == 1:
        return Serial(Embedding(num_symbols, channels))
    return Serial(Embedding(num_symbols, channels), CausalConv1d(channels, channels, kernel_size))


def _context(config: ContextStack, in_channels: int) -> Framed:
    dilations = dilation_cycles(1, config.num_layers)
    stack = GatedStack(config.channels, config.gate_channels, 2, dilations)
    inner = Serial(
        CausalConv1d(config.frame_size * in_channels, config.channels),
        stack,
        Hidden(stack.out_channels, config.channels),
        CausalConv1d(config.channels, config.frame_size * config.out_channels),
    )
    return Framed(inner, config.frame_size, in_channels, config.out_channels)


def _beside(aligned: Tensor | None, context: Tensor | None) -> Tensor | None:
    """The condition and the context side by side, over the context's steps."""
    if aligned is None or context is None:
        return context if aligned is None else aligned
    return torch.cat([aligned.expand(-1, context.shape[1], -1), context], dim=-1)
