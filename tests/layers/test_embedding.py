"""Embeddings: the contract, the start symbol's row, and an output that shares the table."""

from pathlib import Path

import torch

from tests.contract import check_layer
from undertow.layers import Embedding, TiedOutput


def test_contract(tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(Embedding(5, 3), torch.randint(0, 6, (3, 12)), tmp_path)


def test_the_start_symbol_has_the_last_row_and_no_output() -> None:
    torch.manual_seed(1)
    layer, hidden = Embedding(5, 3), torch.randn(2, 4, 3)
    assert torch.equal(layer(torch.tensor([[5]]))[0, 0], layer.table.weight[-1])
    y = TiedOutput()(hidden, layer.table.weight)
    assert y.shape == (2, 4, 5)
    torch.testing.assert_close(y, hidden @ layer.table.weight[:5].T)
