"""Recurrent layers: LSTM, GRU and the plain tanh RNN, with learned initial states.

B batch, T time, C input channels, H hidden channels, L layers.
"""

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from undertow.layers.layer import Layer
from undertow.layers.stacked import Stacked
from undertow.state import State

Cell = Literal["lstm", "gru", "rnn"]

CELLS: dict[str, Any] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
STATES = {"lstm": ("hidden", "cell"), "gru": ("hidden",), "rnn": ("hidden",)}
NUM_GATES = {"lstm": 4, "gru": 3, "rnn": 1}


class Recurrent(Layer, Stacked):
    """L recurrent layers on top of one another: (B, T, C) -> (B, T, H).

    The cells are torch's: their equations and their order of gates stand in its documentation. Recurrent matrices
    start orthogonal, gate by gate (Saxe et al., arXiv 1312.6120), and an LSTM's forget gates open, their bias at 1
    (Jozefowicz et al., An Empirical Exploration of Recurrent Network Architectures, 2015). Dropout is between layers,
    not from step to step (Zaremba et al., arXiv 1409.2329).

    State: of each layer "hidden_l0", "hidden_l1", … (B, H), and for an LSTM "cell_l0", … (B, H). They start as
    parameters, zeros at first; where another start is handed to them and `learned_start` is false, as zeros.
    """

    receptive_field = None

    initial: Tensor

    def __init__(
        self,
        cell: Cell,
        in_channels: int,
        channels: int,
        num_layers: int = 1,
        dropout: float = 0.0,
        learned_start: bool = True,
    ) -> None:
        super().__init__()
        between = dropout if num_layers > 1 else 0.0
        self.cell: nn.RNNBase = CELLS[cell](in_channels, channels, num_layers, batch_first=True, dropout=between)
        weights = [name for name, _ in self.cell.named_parameters() if name.startswith("weight")]
        self.stacked = {f"cell.{name}": NUM_GATES[cell] for name in weights}
        self.learned_start = learned_start
        self.states: tuple[str, ...] = STATES[cell]
        zeros = torch.zeros(len(self.states), num_layers, channels)
        if learned_start:
            self.initial = nn.Parameter(zeros)
        else:
            self.register_buffer("initial", zeros, persistent=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Orthogonal recurrent matrices, forget gates open; the rest uniform within ±1/√H, as torch starts them."""
        channels = self.cell.hidden_size
        for name, parameter in self.cell.named_parameters():
            if name.startswith("weight_hh"):
                for gate in parameter.detach().split(channels):
                    nn.init.orthogonal_(gate)
            if name.startswith("bias") and self.cell.mode == "LSTM":
                forget = parameter.detach()[channels : 2 * channels]
                nn.init.constant_(forget, 1.0 if name.startswith("bias_ih") else 0.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.step(x, self.init_state(len(x)))[0]

    def init_state(self, batch_size: int) -> State:
        return self.unstacked(self.initial.expand(batch_size, -1, -1, -1))

    def stacked_state(self, state: State) -> Tensor:
        """A state as one tensor (B, n, L, H); n is 2 for an LSTM, hidden and cell, and 1 for the others."""
        return torch.stack([self._part(state, name, dim=1) for name in self.states], dim=1)

    def unstacked(self, parts: Tensor) -> State:
        """The state of a tensor such as `stacked_state` gives."""
        return self._state([part.transpose(0, 1) for part in parts.unbind(1)], parts.dtype)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        return self._run(x, state)

    def final(self, x: Tensor, lengths: Tensor) -> State:
        """The state after the first steps of each row of x (B, T, C), as many as its length (B,), which is not 0."""
        packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        return self._run(packed, self.init_state(len(x)))[1]

    def _run(self, x: Tensor | PackedSequence, state: State) -> tuple[Any, State]:
        first = tuple(self._part(state, name, dim=0) for name in self.states)  # torch's are (L, B, H)
        y, last = self.cell(x, first if len(first) == 2 else first[0])
        # under autocast the cell's are of another type
        return y, self._state(last if len(first) == 2 else [last], first[0].dtype)

    def _part(self, state: State, name: str, dim: int) -> Tensor:
        """Every layer's part of that name, side by side."""
        return torch.stack([state[f"{name}_l{layer}"] for layer in range(self.cell.num_layers)], dim=dim)

    def _state(self, parts: Sequence[Tensor], dtype: torch.dtype) -> State:
        """The state of parts (L, B, H), each in the order of `states`."""
        return {
            f"{name}_l{layer}": part[layer].to(dtype).clone()
            for layer in range(self.cell.num_layers)
            for name, part in zip(self.states, parts, strict=True)
        }
