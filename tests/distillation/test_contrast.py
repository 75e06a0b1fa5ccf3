"""The wrong condition: a neighbour's labels and features; the sound stays."""

import torch

from undertow.batch import Batch
from undertow.distillation.contrast import with_others_condition


def test_each_row_has_its_neighbours_condition() -> None:
    symbols, counted = torch.arange(6).reshape(3, 2), torch.ones(3, 2, dtype=torch.bool)
    batch = Batch(symbols, counted, {"digit": torch.tensor([4, 5, 6])}, torch.arange(3.0).reshape(3, 1, 1))
    other = with_others_condition(batch)
    assert other.labels["digit"].tolist() == [6, 4, 5]
    assert other.features is not None and other.features.flatten().tolist() == [2, 0, 1]
    assert torch.equal(other.symbols, symbols)
