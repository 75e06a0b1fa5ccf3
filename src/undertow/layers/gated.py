"""WaveNet's gated convolution and the residual stack of them (arXiv 1609.03499, §2.3–2.5).

B batch, T time, C residual channels, G gate channels (half of them filter, half gate), Y condition channels, L layers.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from undertow.config import MOST_LAYERS
from undertow.errors import UsageError
from undertow.layers.causal_conv import CausalConv1d
from undertow.layers.layer import Layer
from undertow.layers.stacked import Stacked
from undertow.state import State


class GatedConv1d(Layer, Stacked):
    """z = tanh(W_f * x + V_f y) ⊙ σ(W_g * x + V_g y): (B, T, C) and y (B, T or 1, Y) -> (B, T, G/2).

    The first half of the convolution's channels is the filter, the second the gate. State: "conv", the convolution's.
    """

    def __init__(
        self, in_channels: int, gate_channels: int, kernel_size: int, dilation: int, condition_channels: int = 0
    ) -> None:
        super().__init__()
        self.conv = CausalConv1d(in_channels, gate_channels, kernel_size, dilation)
        self.condition = CausalConv1d(condition_channels, gate_channels, bias=False) if condition_channels else None
        self.stacked = {"conv.weight": 2} | ({"condition.weight": 2} if condition_channels else {})
        self.receptive_field = self.conv.receptive_field

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        return self._gate(self.conv(x), condition)

    def init_state(self, batch_size: int) -> State:
        return {"conv": self.conv.init_state(batch_size)}

    def step(self, x: Tensor, state: State, condition: Tensor | None = None) -> tuple[Tensor, State]:
        x, past = self.conv.step(x, state["conv"])
        return self._gate(x, condition), {"conv": past}

    def _gate(self, x: Tensor, condition: Tensor | None) -> Tensor:
        if self.condition is not None:
            x = x + self.condition(condition)
        filtered, gate = x.chunk(2, dim=-1)
        return torch.tanh(filtered) * torch.sigmoid(gate)


class GatedStack(Layer):
    """Gated convolutions on a residual stream; returns the outputs z_l of all layers: (B, T, C) -> (B, T, L · G/2).

    x ← x + R_l z_l after each layer but the last. A single 1×1 over the concatenated z_l is the sum of the paper's
    skip connections, Σ_l S_l z_l, in one matrix product. State: "gates", each layer's by its number.
    """

    def __init__(
        self,
        channels: int,
        gate_channels: int,
        kernel_size: int,
        dilations: Sequence[int],
        condition_channels: int = 0,
    ) -> None:
        super().__init__()
        self.gates: Any = nn.ModuleList(
            GatedConv1d(channels, gate_channels, kernel_size, dilation, condition_channels) for dilation in dilations
        )
        self.residuals: Any = nn.ModuleList(CausalConv1d(gate_channels // 2, channels) for _ in dilations[1:])
        self.out_channels = len(dilations) * (gate_channels // 2)
        self.receptive_field = 1 + (kernel_size - 1) * sum(dilations)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        first, *gates = self.gates
        gated = [first(x, condition)]
        for residual, gate in zip(self.residuals, gates, strict=True):
            x = x + residual(gated[-1])
            gated.append(gate(x, condition))
        return torch.cat(gated, dim=-1)

    def init_state(self, batch_size: int) -> State:
        return {"gates": {str(layer): gate.init_state(batch_size) for layer, gate in enumerate(self.gates)}}

    def step(self, x: Tensor, state: State, condition: Tensor | None = None) -> tuple[Tensor, State]:
        past, after = state["gates"], {}
        gated: list[Tensor] = []
        for layer, (gate, residual) in enumerate(zip(self.gates, (None, *self.residuals), strict=True)):
            if residual is not None:
                x = x + residual(gated[-1])
            z, after[str(layer)] = gate.step(x, past[str(layer)], condition)
            gated.append(z)
        return torch.cat(gated, dim=-1), {"gates": after}


def dilation_cycles(num_cycles: int, layers_per_cycle: int) -> list[int]:
    """1, 2, 4, … 2^(layers_per_cycle - 1), repeated num_cycles times.

    Raises:
        UsageError: they are more than `MOST_LAYERS`.
    """
    if num_cycles * layers_per_cycle > MOST_LAYERS:
        raise UsageError(
            f"num_cycles {num_cycles:,} of layers_per_cycle {layers_per_cycle} are {num_cycles * layers_per_cycle:,} "
            f"layers; a network has at most {MOST_LAYERS:,}"
        )
    return [2**layer for _ in range(num_cycles) for layer in range(layers_per_cycle)]
