"""Recurrent layers: the contract, torch's own numbers, and how they start."""

from pathlib import Path
from typing import get_args

import pytest
import torch

from tests.contract import assert_close, check_layer
from undertow.layers import Recurrent
from undertow.layers.recurrent import CELLS, STATES, Cell
from undertow.state import named_leaves


@pytest.mark.parametrize("cell", get_args(Cell))
@pytest.mark.parametrize("num_layers", [1, 2])
def test_contract(cell: Cell, num_layers: int, tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(Recurrent(cell, 3, 4, num_layers=num_layers), torch.randn(3, 17, 3).double(), tmp_path)


@pytest.mark.parametrize("cell", get_args(Cell))
def test_from_zeros_it_is_torchs(cell: Cell) -> None:
    torch.manual_seed(1)
    layer, x = Recurrent(cell, 3, 4, num_layers=2).double(), torch.randn(2, 9, 3).double()
    reference = CELLS[cell](3, 4, 2, batch_first=True).double()
    reference.load_state_dict(layer.cell.state_dict())
    assert_close(layer(x), reference(x)[0])
    assert {name: tuple(part.shape) for name, part in named_leaves(layer.init_state(2)).items()} == {
        f"{name}_l{index}": (2, 4) for index in range(2) for name in STATES[cell]
    }


def test_matrices_start_orthogonal_and_forget_gates_open() -> None:
    torch.manual_seed(1)
    weights = Recurrent("lstm", 3, 4).cell.state_dict()
    for gate in weights["weight_hh_l0"].chunk(4):
        torch.testing.assert_close(gate @ gate.T, torch.eye(4))
    biases = weights["bias_ih_l0"] + weights["bias_hh_l0"]
    torch.testing.assert_close(biases[4:8], torch.ones(4))
