"""Rows that read one memory: what they ask is gathered by source and given back to them in their own order."""

import torch

from undertow.layers.sharing import OWN, by_row, by_source, readers_of, source_of

# Row 0 and row 2 read source 0, row 1 reads source 1, whose second lane has row 0 standing in.
READERS = {"rows": torch.tensor([[0, 2], [1, 0]]), "places": torch.tensor([0, 2, 1])}


def test_what_is_gathered_comes_back_to_its_row() -> None:
    x = torch.randn(3, 4, 5)
    asked = by_source(x, READERS)
    assert asked.shape == (2, 8, 5)
    assert torch.equal(asked[0], torch.cat([x[0], x[2]])) and torch.equal(asked[1, :4], x[1])
    assert torch.equal(by_row(asked, READERS), x)


def test_each_row_knows_its_source() -> None:
    assert source_of(READERS, 3, torch.device("cpu")).tolist() == [0, 1, 0]
    assert source_of(OWN, 3, torch.device("cpu")).tolist() == [0, 1, 2]


def test_without_readers_nothing_moves() -> None:
    x = torch.randn(3, 4, 5)
    assert by_source(x, OWN) is x and by_row(x, OWN) is x
    assert readers_of({}) is OWN
