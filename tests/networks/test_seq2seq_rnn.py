"""Recurrent encoder–decoders, with attention and without, against torch's own cells and the paper's equations."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tests.contract import assert_close
from undertow.config import parse
from undertow.layers import Recurrent
from undertow.networks import ENCODER_DECODERS, InputShape
from undertow.networks.encoder_decoder import reverse_rows, within
from undertow.networks.seq2seq_rnn_attention import Bidirectional

LENGTHS = torch.tensor([5, 9, 7])
TORCH = {"gru": nn.GRU, "lstm": nn.LSTM}
CELLS: dict[str, Any] = {"gru": nn.GRUCell, "lstm": nn.LSTMCell}


def make(kind: str, **changes: Any) -> Any:
    """An encoder–decoder of 7 target symbols in float64, no parameter at zero."""
    torch.manual_seed(1)
    config = parse(ENCODER_DECODERS[kind].Config, {"channels": 5, "embedding_channels": 4, **changes})
    made = ENCODER_DECODERS[kind](config, InputShape(num_symbols=6), InputShape(num_symbols=7), 7).double().eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) / 4)
    return made


def sources() -> Tensor:
    return torch.randint(0, 7, (3, 9), generator=torch.Generator().manual_seed(2))


def test_rows_are_reversed_within_their_lengths() -> None:
    x = torch.arange(8).reshape(2, 4, 1)
    assert reverse_rows(x, torch.tensor([3, 4]))[..., 0].tolist() == [[2, 1, 0, 3], [7, 6, 5, 4]]
    assert torch.equal(reverse_rows(reverse_rows(x, torch.tensor([1, 2])), torch.tensor([1, 2])), x)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_both_directions_are_torchs_over_packed_rows(cell: Any) -> None:
    torch.manual_seed(1)
    layer, whole = Bidirectional(cell, 4, 5).double(), TORCH[cell](4, 5, bidirectional=True, batch_first=True).double()
    for suffix, half in (("", layer.forwards), ("_reverse", layer.backwards)):
        for name, parameter in half.cell.named_parameters():
            getattr(whole, name + suffix).data = parameter.data
    x = torch.randn(3, 9, 4).double()
    packed, _ = whole(pack_padded_sequence(x, LENGTHS, batch_first=True, enforce_sorted=False))
    expected, _ = pad_packed_sequence(packed, batch_first=True)
    assert_close(layer(x, LENGTHS) * within(LENGTHS, 9)[..., None], expected)


def above(layer: Any, cell: str, states: list[Tensor]) -> list[Tensor]:
    """What torch's cell, with a layer's weights and first state, makes of the states (B, C) of the layer below."""
    torchs, found = CELLS[cell](5, 5).double(), []
    for name, parameter in torchs.named_parameters():
        parameter.data = getattr(layer.cell, f"{name}_l0").data
    own = tuple(part[0].expand(3, -1) for part in layer.initial)
    for state in states:
        own = torchs(state, own) if cell == "lstm" else (torchs(state, own[0]),)
        found.append(own[0])
    return found


@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_decoder_attends_by_the_papers_equations(cell: str, num_layers: int) -> None:
    made, y = make("rnn_attention", cell=cell, decoder_layers=num_layers), torch.randint(0, 7, (3, 6))
    condition, decoder = made.encode(sources(), LENGTHS), made.decoder
    layer, h = decoder.attentive, condition.memory
    torchs = CELLS[cell](4 + 10, 5).double()
    torchs.weight_ih.data = torch.cat([layer.of_input.weight, layer.of_context.weight], dim=1)
    torchs.weight_hh.data, torchs.bias_hh.data = layer.of_state.weight[5:], layer.of_state.bias[5:]
    torchs.bias_ih.data = layer.of_input.bias
    s = torch.tanh(h[:, 0, 5:] @ layer.start.weight.T + layer.start.bias)
    own: Any = s if cell == "gru" else (s[:, :5], s[:, 5:])
    states, contexts, alphas = [], [], []
    embedded = decoder.input.symbols.table.weight[y]
    for step in range(6):
        s = own if cell == "gru" else own[0]
        query = s @ layer.of_state.weight[:5].T + layer.of_state.bias[:5]
        scores = torch.tanh(query[:, None] + h @ layer.key.weight.T) @ layer.vector
        likely = scores.exp() * within(LENGTHS, 9)
        alphas.append(likely / likely.sum(dim=1, keepdim=True))
        contexts.append((alphas[-1][..., None] * h).sum(dim=1))
        own = torchs(torch.cat([embedded[:, step], contexts[-1]], dim=-1), own)
        states.append(own if cell == "gru" else own[0])
    if num_layers == 2:
        states = above(decoder.upper, cell, states)
    known = torch.cat([torch.stack(states, dim=1), embedded, torch.stack(contexts, dim=1)], dim=-1)
    hidden = known @ decoder.hidden.weight.T + decoder.hidden.bias
    params = decoder.head(torch.maximum(hidden[..., 0::2], hidden[..., 1::2]))
    assert_close(decoder(y, condition), params)
    assert_close(made.alignment(y, condition), torch.stack(alphas, dim=1))


def test_gates_start_as_in_other_recurrent_layers() -> None:
    torch.manual_seed(1)
    config = parse(ENCODER_DECODERS["rnn_attention"].Config, {"cell": "lstm", "channels": 8})
    made = ENCODER_DECODERS["rnn_attention"](config, InputShape(num_symbols=6), InputShape(num_symbols=7), 7)
    decoder: Any = made.decoder
    layer = decoder.attentive
    for matrix in layer.of_state.weight[8:].split(8):
        torch.testing.assert_close(matrix @ matrix.T, torch.eye(8))
    forget = layer.of_input.bias[8:16] + layer.of_state.bias[16:24]
    assert torch.equal(forget, torch.ones(8)) and layer.of_input.bias[:8].abs().max() < 1


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_final_state_is_each_rows_own(cell: Any) -> None:
    torch.manual_seed(1)
    layer, x = Recurrent(cell, 4, 5, num_layers=2).double(), torch.randn(3, 9, 4).double()
    final = layer.final(x, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        _, state = layer.step(x[[row], :length], layer.init_state(1))
        assert final.keys() == state.keys()
        for name, part in final.items():
            assert_close(part[[row]], state[name])


def test_a_source_reversed_is_one_read_from_its_end() -> None:
    made, plain = make("rnn", reversed_source=True), make("rnn", reversed_source=False)
    turned = reverse_rows(sources()[..., None], LENGTHS)[..., 0]
    assert_close(made.encoder(sources(), LENGTHS)[0], plain.encoder(turned, LENGTHS)[0])
    assert not torch.equal(turned, sources())


@pytest.mark.parametrize(("cell", "num_states"), [("gru", 1), ("lstm", 2)])
def test_decoder_goes_on_from_the_encoders_last_state(cell: str, num_states: int) -> None:
    made = make("rnn", cell=cell, num_layers=3, reversed_source=False)
    condition = made.encode(sources(), LENGTHS)
    assert condition.memory.shape == (3, 1, num_states * 3 * 5) and condition.memory_lengths.tolist() == [1, 1, 1]
    expected = made.encoder.layers.final(made.encoder.input(sources()), LENGTHS)
    found = made.decoder.init_state(3, condition)["layers"]
    assert found.keys() == expected.keys() and all(torch.equal(found[name], expected[name]) for name in expected)
    assert made.alignment(sources(), condition) is None


@pytest.mark.parametrize("kind", ["rnn", "rnn_attention"])
def test_dropout_is_of_training_alone(kind: str) -> None:
    made, y = make(kind, dropout=0.5).train(), torch.randint(0, 7, (3, 6))
    assert not torch.equal(made.encode(sources(), LENGTHS).memory, made.encode(sources(), LENGTHS).memory)
    condition = made.encode(sources(), LENGTHS)
    assert not torch.equal(made.decoder(y, condition), made.decoder(y, condition))
    made.eval()
    assert torch.equal(made.decoder(y, condition), made.decoder(y, condition))
