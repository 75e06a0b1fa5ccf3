"""The memory of sources: rows of one source share it, and what no row reads any more is dropped."""

import numpy as np
import torch

from undertow.session.memory import Memory


def begun(num_rows: int = 4) -> Memory:
    memory, own = Memory.of({"memory": {"keys": torch.arange(num_rows)[:, None]}, "hidden": torch.zeros(4)}, num_rows)
    assert list(own) == ["hidden"]
    return memory


def read_by_rows(memory: Memory, num_rows: int) -> list[int]:
    """What each row finds in its own copy of the memory."""
    return memory.given_to({}, np.arange(num_rows))["memory"]["keys"][:, 0].tolist()


def test_rows_of_one_source_read_one_copy() -> None:
    first = begun()
    memory = first.select(np.array([0, 0, 1, 2, 3, 3]))
    assert memory.parts is not None and first.parts is not None
    assert memory.parts["keys"].data_ptr() == first.parts["keys"].data_ptr()
    assert memory.parts["readers"]["rows"].shape == (4, 2)
    assert read_by_rows(memory, 6) == [0, 0, 1, 2, 3, 3]


def test_sources_without_rows_are_dropped_when_they_are_many() -> None:
    memory = begun().select(np.array([3, 1, 1]))
    assert memory.parts is not None and len(memory.parts["keys"]) == 2
    assert read_by_rows(memory, 3) == [3, 1, 1]
    assert read_by_rows(memory.select(np.array([2, 0])), 2) == [1, 3]


def test_each_row_with_its_own_needs_no_readers() -> None:
    memory = begun().select(np.array([0, 1, 2, 3, 3])).select(np.array([0, 1, 2, 3]))
    assert memory.parts is not None and "readers" not in memory.parts


def test_a_network_without_a_memory_has_none() -> None:
    memory, own = Memory.of({"hidden": torch.zeros(2)}, 2)
    assert memory.parts is None and memory.select(np.array([1])) is memory
    assert memory.read_by(own) is own and memory.given_to(own, np.array([0])) is own
