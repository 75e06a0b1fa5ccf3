"""Inverse autoregressive flows: noise to sound in one parallel pass (Parallel WaveNet, arXiv 1711.10433, §3.2).

    x⁰ = z                                             independent noise
    xⁱ_t = xⁱ⁻¹_t · sⁱ_t + μⁱ_t                        μⁱ_t and sⁱ_t are functions of xⁱ⁻¹_<t and of the condition
    μ ← μⁱ + μ · sⁱ,  s ← s · sⁱ                       so that x_t = z_t · s_t + μ_t, given all noise before z_t

Each flow is a WaveNet without skip connections (arXiv 1609.03499): gated dilated convolutions on a residual stream,
then two 1×1 convolutions that give μ and log s. At the start every flow is about the identity, and the last one scales
by `initial_scale`, the usual loudness of sound.

B batch, T time, C residual channels, G gate channels, Y condition channels.
"""

import math
from collections.abc import Sequence
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from undertow.config import MOST_LAYERS, Depth, Positive, Width, config
from undertow.emissions.bins import bounded
from undertow.errors import UsageError
from undertow.layers import CausalConv1d, GatedConv1d, Layer
from undertow.state import State

LOG_SCALE_BOUNDS = -12.0, 4.0  # of one flow; far beyond what is needed, so that nothing overflows
USUAL_SCALE = 0.05
START = 0.05  # of the last layer's usual weights: about the identity, and not exactly, so that gradients reach all


class InverseFlow(Layer):
    """μ_t and log s_t from the inputs before t: (B, T, 1) -> (B, T, 2), with a condition (B, T or 1, Y).

    State: "last", the input before the next one, and "gates", each convolution's by its number.
    """

    delay = 1

    def __init__(
        self, channels: int, gate_channels: int, kernel_size: int, dilations: Sequence[int], condition_channels: int = 0
    ) -> None:
        super().__init__()
        self.input = CausalConv1d(1, channels)
        self.gates: Any = nn.ModuleList(
            GatedConv1d(channels, gate_channels, kernel_size, dilation, condition_channels) for dilation in dilations
        )
        self.residuals: Any = nn.ModuleList(CausalConv1d(gate_channels // 2, channels) for _ in dilations)
        self.hidden = CausalConv1d(channels, channels)
        self.output = CausalConv1d(channels, 2)
        self.receptive_field: int = 2 + (kernel_size - 1) * sum(dilations)  # and the step between input and output
        with torch.no_grad():
            self.output.weight.mul_(START)
        self.set_scale(1.0)

    @torch.no_grad()
    def set_scale(self, scale: float) -> None:
        """Begin as x · scale, about."""
        assert self.output.bias is not None
        self.output.bias.copy_(torch.tensor([0.0, math.log(scale)]))

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        h = self.input(F.pad(x, (0, 0, 1, 0))[:, :-1])
        for gate, residual in zip(self.gates, self.residuals, strict=True):
            h = h + residual(gate(h, condition))
        return self._leave(h)

    def init_state(self, batch_size: int) -> State:
        gates = {str(number): gate.init_state(batch_size) for number, gate in enumerate(self.gates)}
        return {"last": self.input.weight.new_zeros(batch_size, 1, 1), "gates": gates}

    def step(self, x: Tensor, state: State, condition: Tensor | None = None) -> tuple[Tensor, State]:
        h, after = self.input(torch.cat([state["last"], x[:, :-1]], dim=1)), {}
        for number, (gate, residual) in enumerate(zip(self.gates, self.residuals, strict=True)):
            gated, after[str(number)] = gate.step(h, state["gates"][str(number)], condition)
            h = h + residual(gated)
        return self._leave(h), {"last": x[:, -1:].contiguous(), "gates": after}

    def _leave(self, h: Tensor) -> Tensor:
        mean, log_scale = self.output(F.relu(self.hidden(F.relu(h)))).chunk(2, dim=-1)
        return torch.cat([mean, bounded(log_scale, *LOG_SCALE_BOUNDS)], dim=-1)


class InverseFlows(Layer):
    """Noise z (B, T, 1) -> (B, T, 3): the sample x_t = z_t · s_t + μ_t, and the μ_t and log s_t of all flows together.

    State: "flows", each flow's by its number.
    """

    @config
    class Config:
        """Shape of the flows.

        Attributes:
            layers: number of gated layers of each flow, one after another; their dilations 1, 2, 4, … begin again
                after `layers_per_cycle`, and in every flow.
            gate_channels: filter and gate together.
            initial_scale: scale of what an untrained model makes: by default 0.05 of the signal's range [-1, 1], or 1
                where a linear prediction makes sound of it.
        """

        layers: Annotated[tuple[Depth, ...], Field(min_length=1, max_length=64)] = (10, 10, 10, 30)
        layers_per_cycle: Annotated[Depth, Field(le=24)] = 10
        kernel_size: Annotated[Width, Field(ge=2)] = 2
        residual_channels: Width = 64
        gate_channels: Annotated[Width, Field(ge=2, multiple_of=2)] = 128
        initial_scale: Annotated[Positive, Field(le=1)] | None = None

        def __post_init__(self) -> None:
            if sum(self.layers) > MOST_LAYERS:
                raise UsageError(f"flows.layers add up to {sum(self.layers):,}; a model has at most {MOST_LAYERS:,}")

    def __init__(self, config: Config, condition_channels: int = 0, usual_scale: float = USUAL_SCALE) -> None:
        super().__init__()
        self.config = config
        flows = [
            InverseFlow(
                config.residual_channels,
                config.gate_channels,
                config.kernel_size,
                [2 ** (layer % config.layers_per_cycle) for layer in range(num_layers)],
                condition_channels,
            )
            for num_layers in config.layers
        ]
        flows[-1].set_scale(config.initial_scale or usual_scale)
        self.flows: Any = nn.ModuleList(flows)
        self.receptive_field: int = 1 + sum(flow.receptive_field - 1 for flow in flows)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        made = start(z)
        for flow in self.flows:
            made = composed(made, flow(made[..., :1], condition))
        return made

    def init_state(self, batch_size: int) -> State:
        return {"flows": {str(number): flow.init_state(batch_size) for number, flow in enumerate(self.flows)}}

    def step(self, z: Tensor, state: State, condition: Tensor | None = None) -> tuple[Tensor, State]:
        made, after = start(z), {}
        for number, flow in enumerate(self.flows):
            parts, after[str(number)] = flow.step(made[..., :1], state["flows"][str(number)], condition)
            made = composed(made, parts)
        return made, {"flows": after}


def start(z: Tensor) -> Tensor:
    """Noise (B, T, 1) as what no flow has changed: the sample z, mean 0 and log-scale 0, (B, T, 3)."""
    return F.pad(z, (0, 2))


def composed(made: Tensor, parts: Tensor) -> Tensor:
    """What one more flow makes: sample, mean and log-scale (B, T, 3), and its μ and log s (B, T, 2)."""
    x, total, log_total = made.split(1, dim=-1)
    mean, log_scale = parts.split(1, dim=-1)
    scale = torch.exp(log_scale)
    return torch.cat([x * scale + mean, total * scale + mean, log_total + log_scale], dim=-1)
