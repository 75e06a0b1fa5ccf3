"""Recurrent layers through the contract, and the recurrent network's equations written out."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.contract import check_layer
from tests.networks.cases import CASES, with_initial_states
from undertow.batch import Condition
from undertow.layers import Recurrent
from undertow.state import leaves

CASE = CASES["rnn"]
make, inputs = CASE.make, CASE.inputs


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("num_layers", [1, 2])
def test_contract_of_the_layer(cell: Any, num_layers: int, tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(with_initial_states(Recurrent(cell, 3, 4, num_layers)), torch.randn(3, 16, 3).double(), tmp_path)


def lstm(w_x: Tensor, w_h: Tensor, b: Tensor, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    i, f, g, o = (w_x @ x + w_h @ h + b).chunk(4)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_two_layers_are_the_equations(cell: Any) -> None:
    torch.manual_seed(1)
    layer = with_initial_states(Recurrent(cell, 3, 4, num_layers=2)).double()
    x = torch.randn(6, 3).double()
    weights = dict(layer.cell.named_parameters())
    expected = x
    for index in range(2):
        w_x, w_h, b_x, b_h = (weights[f"{kind}_l{index}"] for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        h, outputs = layer.initial[0, index], []
        c = layer.initial[1, index] if cell == "lstm" else h
        for x_t in expected:
            if cell == "lstm":
                h, c = lstm(w_x, w_h, b_x + b_h, x_t, h, c)
            elif cell == "gru":
                (r_x, z_x, n_x), (r_h, z_h, n_h) = (w_x @ x_t + b_x).chunk(3), (w_h @ h + b_h).chunk(3)
                z = (z_x + z_h).sigmoid()
                h = (1 - z) * (n_x + (r_x + r_h).sigmoid() * n_h).tanh() + z * h
            else:
                h = (w_x @ x_t + b_x + w_h @ h + b_h).tanh()
            outputs.append(h)
        expected = torch.stack(outputs)
    torch.testing.assert_close(layer(x[None])[0], expected)


def test_recurrent_matrices_start_orthogonal_and_forget_gates_open() -> None:
    layer = Recurrent("lstm", 3, 8, num_layers=2)
    for index in range(2):
        for gate in getattr(layer.cell, f"weight_hh_l{index}").split(8):
            torch.testing.assert_close(gate @ gate.T, torch.eye(8))
        bias = getattr(layer.cell, f"bias_ih_l{index}") + getattr(layer.cell, f"bias_hh_l{index}")
        assert torch.equal(bias[8:16], torch.ones(8)) and (bias[:8].abs() < 1).all()
    assert not layer.initial.any()


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_state_keeps_its_type_under_autocast(cell: Any) -> None:
    """What is carried from chunk to chunk of a stream is float32, whatever the products are computed in."""
    network = make(cell=cell)
    with torch.autocast("cpu", torch.bfloat16):
        y, state = network.step(inputs(network), network.init_state(3, Condition()), Condition())
    assert y.dtype == torch.bfloat16 and {part.dtype for part in leaves(state)} == {torch.float32}
    y.float().square().sum().backward()
    assert network.layers.initial.grad is not None


def test_initial_states_are_learned() -> None:
    network = make(num_layers=2).double()
    network(inputs(network), Condition()).square().sum().backward()
    assert network.layers.initial.grad.shape == (2, 2, 5) and network.layers.initial.grad.all()


def test_dropout_is_on_every_connection_but_the_recurrent_ones() -> None:
    """Dropped: elements of the embedding, of what goes to the next layer, and of the last layer's output."""
    network = make(dropout=0.5, num_layers=2, channels=64, embedding_channels=64).train()
    seen: dict[str, Tensor] = {}
    network.layers.register_forward_hook(lambda module, args, output: seen.update(inner=output[0]))
    network.layers.cell.register_forward_hook(lambda module, args, output: seen.update(embedded=args[0], y=output[0]))
    network.head.register_forward_pre_hook(lambda module, args: seen.update(output=args[0]))
    x = inputs(network)
    network.double()(x, Condition())
    for dropped in ("embedded", "output"):
        assert 0.4 < (seen[dropped] == 0).float().mean() < 0.6
    assert (seen["y"] != 0).all()
    assert network.layers.cell.dropout == 0.5
    scalar = make(dropout=0.5, input="scalar").train()
    scalar.layers.cell.register_forward_hook(lambda module, args, output: seen.update(embedded=args[0]))
    scalar.double()(inputs(scalar), Condition())
    assert (seen["embedded"] != 0).all(), "values are not dropped"
