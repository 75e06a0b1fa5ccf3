"""Conditions cut to steps and rows, and batches moved whole."""

import torch

from undertow.batch import Batch, Condition


def test_a_condition_is_cut_where_it_changes() -> None:
    aligned = torch.randn(2, 6, 3)
    cut = Condition(aligned).steps(2, 5).aligned
    assert cut is not None and torch.equal(cut, aligned[:, 2:5])
    same = Condition(aligned[:, :1])
    assert same.steps(2, 5) is same and Condition().steps(2, 5) == Condition()


def test_rows_are_taken_of_every_part() -> None:
    whole = Condition(torch.randn(3, 1, 2), torch.randn(3, 4, 2), torch.tensor([4, 2, 1]))
    part = whole.rows(torch.tensor([2, 0]))
    assert part.aligned is not None and part.memory is not None and part.memory_lengths is not None
    assert part.memory_lengths.tolist() == [1, 4] and torch.equal(part.memory, whole.memory[[2, 0]])  # type: ignore[index]


def test_only_floats_take_another_type() -> None:
    batch = Batch(
        symbols=torch.zeros(2, 3, dtype=torch.int64),
        counted=torch.tensor([[True, True, False], [True, False, False]]),
        labels={"speaker": torch.tensor([1, -1])},
        features=torch.zeros(2, 3, 4),
        names=("a", "b"),
        source=torch.zeros(2, 5, dtype=torch.int64),
    )
    moved = batch.to("cpu", torch.float64)
    assert batch.num_counted == moved.num_counted == 3 and moved.names == ("a", "b")
    assert moved.features is not None and moved.features.dtype == torch.float64
    assert moved.source is not None and moved.source.dtype == moved.symbols.dtype == torch.int64
    assert moved.labels["speaker"].tolist() == [1, -1]
