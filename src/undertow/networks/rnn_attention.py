"""A recurrent language model that looks back over all its past states, by the attention of Bahdanau, Cho and Bengio
(arXiv 1409.0473, §3.1), turned from a source sentence to the model's own past.

    h_1 … h_T = recurrent layers over E[x_1] … E[x_T]
    α_tj = softmax over j ≤ t of v · tanh(W h_t + U h_j)
    parameters of x_{t+1} = W_2 tanh(W_1 [h_t; Σ_j α_tj h_j])

U h_j is computed once and kept. An output is one step from any before it, at the price of T² comparisons.

B batch, T queries, S past steps, N symbols, C channels of a state, K channels of a comparison, L capacity of a cache,
P parameters of the output distribution.
"""

import math
from typing import Literal

import torch
from torch import Tensor, nn

from undertow.batch import Condition
from undertow.config import Count, Depth, Probability, Width, config
from undertow.layers import CausalConv1d, Cell, Dropout, InputKind, Inputs, Layer, Recurrent
from undertow.layers.slots import resized, write_slots
from undertow.networks.network import Network, check_length
from undertow.state import State

MOST_COMPARED = 2**24  # numbers that are compared at once, about


class RNNAttention(Network):
    """(B, T) symbols, or (B, T, C) floats, to (B, T, P) parameters of the next symbol.

    State: "layers", the cells'; "attention", of the past states.
    """

    @config
    class Config:
        """Shape of the network.

        Attributes:
            input: "embedding", a vector for each symbol; "scalar", the symbol's value, or values.
            cell: "lstm", "gru", or "rnn", the plain one with tanh.
            channels: width of the input and of each layer's state.
            attention_channels: width in which states are compared; channels when not given.
            dropout: probability with which the input, what goes from layer to layer, and the states attended from lose
                an element in training.
            max_length: inputs it can be given in all, from the start symbol on.
        """

        kind: Literal["rnn_attention"] = "rnn_attention"
        input: InputKind = "embedding"
        cell: Cell = "gru"
        num_layers: Depth = 1
        channels: Width = 256
        attention_channels: Width | None = None
        dropout: Probability = 0.0
        max_length: Count = 512

    receptive_field = None

    def __init__(
        self, config: Config, num_symbols: int, num_params: int, condition_channels: int = 0, in_channels: int = 1
    ) -> None:
        super().__init__()
        self.config = config
        self.takes_symbols, self.max_length = config.input == "embedding", config.max_length
        channels = config.channels
        self.input = Inputs(config.input, num_symbols, in_channels, channels, condition_channels)
        self.layers = Recurrent(config.cell, channels, channels, config.num_layers, config.dropout)
        self.attention = AdditiveAttention(channels, config.attention_channels or channels, config.max_length)
        self.dropout = Dropout(config.dropout)
        self.hidden = CausalConv1d(2 * channels, channels)
        self.head = CausalConv1d(channels, num_params)

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        check_length(x.shape[1], self.max_length)
        states = self.dropout(self.layers(self._input(x, condition)))
        return self.leave(torch.cat([states, self.attention(states)], dim=-1))

    def init_state(self, batch_size: int, condition: Condition) -> State:
        return {"layers": self.layers.init_state(batch_size), "attention": self.attention.init_state(batch_size)}

    def with_room(self, state: State, num_steps: int) -> State:
        return {**state, "attention": self.attention.with_room(state["attention"], num_steps)}

    def step_hidden(self, x: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        """The last layer's states beside what they find in the past (B, T, 2 C), and the network's state."""
        states, layers = self.layers.step(self._input(x, condition), state["layers"])
        states = self.dropout(states)
        context, past = self.attention.step(states, state["attention"])
        return torch.cat([states, context], dim=-1), {"layers": layers, "attention": past}

    def leave(self, hidden: Tensor) -> Tensor:
        return self.head(torch.tanh(self.hidden(hidden)))

    @property
    def output(self) -> nn.Module:
        return self.head

    def attention_weights(self, x: Tensor, condition: Condition) -> list[Tensor]:
        """How much each step of a whole sequence looks at each: one (B, 1, T, T), rows summing to one."""
        states = self.dropout(self.layers(self._input(x, condition)))
        return [self.attention.weights(states)[:, None]]

    def _input(self, x: Tensor, condition: Condition) -> Tensor:
        return self.dropout(self.input(x, condition.aligned))


class AdditiveAttention(Layer):
    """Σ_j α_tj h_j over the steps up to t, α_tj = softmax of v · tanh(W h_t + U h_j): (B, T, C) -> (B, T, C).

    State: "keys" U h_j (B, L, K), "values" h_j (B, L, C), and "position" (B,) int64, the steps so far; rows may be at
    different positions.
    """

    receptive_field = None

    def __init__(self, channels: int, attention_channels: int, capacity: int) -> None:
        super().__init__()
        self.capacity = capacity
        self.query = nn.Linear(channels, attention_channels)
        self.key = nn.Linear(channels, attention_channels, bias=False)
        self.vector = nn.Parameter(torch.empty(attention_channels))
        nn.init.uniform_(self.vector, -1 / math.sqrt(attention_channels), 1 / math.sqrt(attention_channels))

    def forward(self, x: Tensor) -> Tensor:
        return self.weights(x) @ x

    def weights(self, x: Tensor) -> Tensor:
        """α (B, T, T) of a whole sequence (B, T, C)."""
        steps = torch.arange(x.shape[1], device=x.device)
        return self._weights(x, self.key(x), steps <= steps[:, None])

    def init_state(self, batch_size: int) -> State:
        keys = self.key.weight.new_zeros(batch_size, self.capacity, self.key.out_features)
        values = self.key.weight.new_zeros(batch_size, self.capacity, self.key.in_features)
        position = torch.zeros(batch_size, dtype=torch.int64, device=keys.device)
        return {"keys": keys, "values": values, "position": position}

    def with_room(self, state: State, num_steps: int) -> State:
        """The same state with room for so many steps in all, and no more than it ever needs."""
        size = min(num_steps, self.capacity)
        return {**state, "keys": resized(state["keys"], size), "values": resized(state["values"], size)}

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        position = state["position"]
        slots = position[:, None] + torch.arange(x.shape[1], device=position.device)
        keys = write_slots(state["keys"], slots, self.key(x))
        values = write_slots(state["values"], slots, x)
        mask = torch.arange(keys.shape[1], device=position.device) <= slots[:, :, None]
        weights = self._weights(x, keys.to(x.dtype), mask)
        after = {"keys": keys, "values": values, "position": position + x.shape[1]}
        return weights @ values.to(x.dtype), after

    def _weights(self, x: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
        """α (B, T, S) of queries (B, T, C) over keys (B, S, K), where the mask (B or nothing, T, S) lets them look."""
        size = max(1, MOST_COMPARED // keys.numel())
        scores = torch.cat([self._compare(part, keys) for part in self.query(x).split(size, dim=1)], dim=1)
        return scores.masked_fill(~mask, -math.inf).softmax(dim=-1)

    def _compare(self, query: Tensor, keys: Tensor) -> Tensor:
        """v · tanh(query + key) of each pair: (B, T, K) and (B, S, K) -> (B, T, S)."""
        return torch.einsum("btsk,k->bts", (query[:, :, None] + keys[:, None]).tanh_(), self.vector)
