"""Recurrent encoder–decoder with attention (Bahdanau, Cho & Bengio, arXiv 1409.0473).

    h_j = [forward h_j; backward h_j]               annotations, of recurrent layers in each direction
    s_0 = tanh(W_0 · backward h_1)
    α_ij = softmax over j of v · tanh(W s_(i-1) + U h_j)
    c_i = Σ_j α_ij h_j
    s_i = cell([E[y_(i-1)]; c_i], s_(i-1))
    parameters of y_i = W_2 maxout(W_1 [s_i; E[y_(i-1)]; c_i])

U h_j is computed once, and goes along in the state. Training cannot but go through s_i one by one; all that does not
depend on s_(i-1) is computed for all steps at once, before and after. Further layers of the decoder lie upon s_i, and
their last takes its place in the output.

B batch, S source steps, T target steps, N symbols, C channels, E of an embedding, A = 2 C of an annotation, G gates of
a cell, P parameters.
"""

import math
from collections.abc import Callable
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from undertow.batch import Condition
from undertow.config import Depth, Probability, Width, config
from undertow.layers import Dropout, Recurrent, Stacked
from undertow.layers.recurrent import STATES
from undertow.layers.sharing import OWN, by_row, by_source, readers_of
from undertow.networks.encoder_decoder import Encoder, EncoderDecoder, InputShape, cleared, reverse_rows, within
from undertow.networks.network import Network
from undertow.state import State

Own = dict[str, Tensor]  # a cell's state: "hidden" (B, C), and for an LSTM "cell"


class Seq2SeqRNNAttention(EncoderDecoder):
    """A sentence to another; each step of the decoder chooses where in the source to look."""

    attends = True

    @config
    class Config:
        """Shape of both halves. The defaults are the paper's RNNsearch.

        Attributes:
            cell: "gru", or "lstm".
            encoder_layers: of two directions each.
            decoder_layers: the first attends to the source, the others lie upon it.
            channels: width of a state, of each direction, and in which attention compares.
            embedding_channels: width of a symbol's vector.
            dropout: probability with which embeddings, what goes from layer to layer, and what goes into the output
                lose an element in training.
        """

        kind: Literal["rnn_attention"] = "rnn_attention"
        cell: Literal["gru", "lstm"] = "gru"
        encoder_layers: Depth = 1
        decoder_layers: Depth = 1
        channels: Width = 1000
        embedding_channels: Width = 620
        dropout: Probability = 0.0

    def __init__(self, config: Config, source: InputShape, target: InputShape, num_params: int) -> None:
        super().__init__()
        self.config, self.memory_channels = config, 2 * config.channels
        self.encoder = BidirectionalEncoder(config, source)
        self.decoder = AttentiveDecoder(config, target, num_params)

    def alignment(self, x: Tensor, condition: Condition) -> Tensor:
        """α (B, T, S)."""
        decoder: Any = self.decoder
        return decoder.attention_to_source(x, condition)

    def attended(self, x: Tensor, condition: Condition) -> tuple[Tensor, list[Tensor]]:
        decoder: Any = self.decoder
        params, weights = decoder.attended(x, condition)
        return params, [weights[:, None]]


class BidirectionalEncoder(Encoder):
    """A source (B, S), or frames (B, S, F), to annotations of its steps (B, S, A)."""

    def __init__(self, config: Seq2SeqRNNAttention.Config, source: InputShape) -> None:
        super().__init__()
        self.input, self.dropout = source.inputs(config.embedding_channels), Dropout(config.dropout)
        widths = [config.embedding_channels, *[2 * config.channels] * (config.encoder_layers - 1)]
        self.layers: Any = nn.ModuleList(Bidirectional(config.cell, width, config.channels) for width in widths)

    def forward(self, source: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        x = self.input(cleared(source, lengths))
        for layer in self.layers:
            x = layer(self.dropout(x), lengths)
        return x * within(lengths, x.shape[1])[..., None], lengths


class Bidirectional(nn.Module):
    """One recurrent layer from each row's beginning, one from its own end: (B, S, C') -> (B, S, 2 C)."""

    def __init__(self, cell: Literal["gru", "lstm"], in_channels: int, channels: int) -> None:
        super().__init__()
        self.forwards = Recurrent(cell, in_channels, channels)
        self.backwards = Recurrent(cell, in_channels, channels)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        backwards = reverse_rows(self.backwards(reverse_rows(x, lengths)), lengths)
        return torch.cat([self.forwards(x), backwards], dim=-1)


class AttentiveDecoder(Network):
    """(B, T) symbols, or frames (B, T, M), and the source's annotations to (B, T, P) parameters of the next.

    State: "attentive" with s as "hidden" (B, C), and for an LSTM "cell"; "upper", the layers upon it; "memory" with the
    source's "annotations" h_j (B, S, A), their "keys" U h_j (B, S, C) and "lengths" (B,).
    """

    receptive_field = None

    def __init__(self, config: Seq2SeqRNNAttention.Config, target: InputShape, num_params: int) -> None:
        super().__init__()
        channels, embedding = config.channels, config.embedding_channels
        self.takes_symbols = bool(target.num_symbols)
        self.input, self.dropout = target.inputs(embedding), Dropout(config.dropout)
        self.attentive = AttentiveCell(config.cell, embedding, channels)
        self.upper = None
        if config.decoder_layers > 1:
            self.upper = Recurrent(config.cell, channels, channels, config.decoder_layers - 1, config.dropout)
        self.hidden = nn.Linear(channels + embedding + 2 * channels, 2 * channels)
        self.head = nn.Linear(channels, num_params)

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        return self.step(x, self.init_state(len(x), condition), condition)[0]

    def init_state(self, batch_size: int, condition: Condition) -> State:
        assert condition.memory is not None and condition.memory_lengths is not None
        upper = {} if self.upper is None else self.upper.init_state(batch_size)
        own, keys = self.attentive.read(condition.memory)
        memory = {"annotations": condition.memory, "keys": keys, "lengths": condition.memory_lengths}
        return {"attentive": own, "upper": upper, "memory": memory}

    def step_hidden(self, x: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        known, _, state = self._attend(x, state)
        return known, state

    def leave(self, hidden: Tensor) -> Tensor:
        pairs = self.hidden(hidden).unflatten(-1, (-1, 2))
        return self.head(self.dropout(pairs.amax(dim=-1)))

    @property
    def output(self) -> nn.Module:
        return self.head

    def attention_to_source(self, x: Tensor, condition: Condition) -> Tensor:
        """How much each step of a whole target looks at each of the source: (B, T, S), rows summing to one."""
        return self._attend(x, self.init_state(len(x), condition))[1]

    def attended(self, x: Tensor, condition: Condition) -> tuple[Tensor, Tensor]:
        """Parameters (B, T, P) of a whole target, and α (B, T, S)."""
        known, weights, _ = self._attend(x, self.init_state(len(x), condition))
        return self.leave(known), weights

    def _attend(self, x: Tensor, state: State) -> tuple[Tensor, Tensor, State]:
        """[s_i; E[y_(i-1)]; c_i] of the next inputs, their α (B, T, S), and the state."""
        memory, upper = state["memory"], state["upper"]
        annotations, keys, readers = memory["annotations"], memory["keys"], readers_of(memory)
        x, seen = self.dropout(self.input(x)), within(memory["lengths"], keys.shape[1])
        states, weights, own = self.attentive(x, state["attentive"], annotations, keys, seen, readers)
        if self.upper is not None:
            states, upper = self.upper.step(self.dropout(states), upper)
        contexts = by_row(by_source(weights, readers) @ annotations.to(weights.dtype), readers)
        known = torch.cat([states, x, contexts], dim=-1)
        return known, weights, {"attentive": own, "upper": upper, "memory": memory}


class AttentiveCell(nn.Module, Stacked):
    """A recurrent layer that before each step attends to the source by its last state.

    The gates' parts of the input, of the context and of the state are summed, as in torch's cells, whose order of gates
    is this one's; the comparison's W s_(i-1) comes of the same product as the state's part. Recurrent matrices start
    orthogonal and an LSTM's forget gates open, as in `undertow.layers.Recurrent`.
    """

    def __init__(self, cell: Literal["gru", "lstm"], in_channels: int, channels: int) -> None:
        super().__init__()
        gates, self.next = CELLS[cell]
        self.channels, self.states = channels, STATES[cell]
        self.start = nn.Linear(channels, len(self.states) * channels)
        self.key = nn.Linear(2 * channels, channels, bias=False)
        self.vector = nn.Parameter(torch.empty(channels))
        self.of_input = nn.Linear(in_channels, gates * channels)
        self.of_context = nn.Linear(2 * channels, gates * channels, bias=False)
        self.of_state = nn.Linear(channels, (1 + gates) * channels)
        self.stacked = {"start.weight": len(self.states), "of_input.weight": gates, "of_context.weight": gates}
        self.stacked["of_state.weight"] = 1 + gates
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """The state's matrices orthogonal, v uniform within ±1/√C, forget gates open; the rest as torch starts it."""
        nn.init.uniform_(self.vector, -1 / math.sqrt(self.channels), 1 / math.sqrt(self.channels))
        for matrix in self.of_state.weight.detach()[self.channels :].split(self.channels):
            nn.init.orthogonal_(matrix)
        if "cell" in self.states:
            nn.init.ones_(self.of_input.bias.detach()[self.channels : 2 * self.channels])
            nn.init.zeros_(self.of_state.bias.detach()[2 * self.channels : 3 * self.channels])

    def read(self, annotations: Tensor) -> tuple[Own, Tensor]:
        """What the layer makes once of annotations (B, S, A): its first state, and U h_j (B, S, C)."""
        first = torch.tanh(self.start(annotations[:, 0, self.channels :])).to(annotations.dtype)
        parts = zip(self.states, first.split(self.channels, dim=-1), strict=True)
        return dict(parts), self.key(annotations)

    def forward(
        self, x: Tensor, own: Own, annotations: Tensor, keys: Tensor, seen: Tensor, readers: State = OWN
    ) -> tuple[Tensor, Tensor, Own]:
        """The next T inputs (B, T, C') -> states s (B, T, C), α (B, T, S), and the layer's state after them.

        `seen` (B, S): the steps of the source that may be looked at. `readers`: which rows read which of fewer sources.
        """
        states, weights, dtype = [], [], own["hidden"].dtype
        for given in self.of_input(x).unbind(1):
            query, gates = self.of_state(own["hidden"]).split([self.channels, given.shape[-1]], dim=-1)
            query = by_source(query[:, None], readers)  # (B, 1, C), or one for each lane of a source
            scores = F.linear(torch.tanh(query[:, :, None] + keys[:, None]), self.vector[None])[..., 0]
            alpha = scores.masked_fill(~seen[:, None], -math.inf).softmax(dim=-1)
            context = by_row(torch.bmm(alpha, annotations.to(alpha.dtype)), readers)[:, 0]
            own = self.next(given + self.of_context(context), gates, own)
            states.append(own["hidden"])
            weights.append(by_row(alpha, readers)[:, 0])
        own = {name: part.to(dtype) for name, part in own.items()}
        return torch.stack(states, dim=1), torch.stack(weights, dim=1), own


def next_gru(given: Tensor, of_state: Tensor, own: Own) -> Own:
    """A GRU's state after the gates' parts (B, 3 C) of what it is given and of its state (B, C)."""
    reset, update, new = given.chunk(3, dim=-1)
    state_reset, state_update, state_new = of_state.chunk(3, dim=-1)
    update = torch.sigmoid(update + state_update)
    new = torch.tanh(new + torch.sigmoid(reset + state_reset) * state_new)
    return {"hidden": new + update * (own["hidden"] - new)}


def next_lstm(given: Tensor, of_state: Tensor, own: Own) -> Own:
    """An LSTM's state after the gates' parts (B, 4 C) of what it is given and of its state (B, C)."""
    enter, forget, new, leave = (given + of_state).chunk(4, dim=-1)
    cell = torch.sigmoid(forget) * own["cell"] + torch.sigmoid(enter) * torch.tanh(new)
    return {"hidden": torch.sigmoid(leave) * torch.tanh(cell), "cell": cell}


CELLS: dict[str, tuple[int, Callable[[Tensor, Tensor, Own], Own]]] = {"gru": (3, next_gru), "lstm": (4, next_lstm)}
