"""Encoded texts in files: written once, mapped afterwards, written again where they are damaged."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from undertow.data.symbol_cache import mapped

KIND = np.dtype(np.uint8)


def blocks() -> Iterator[list[np.ndarray]]:
    yield [np.array([1, 2], KIND), np.array([3], KIND)]
    yield [np.array([4, 5], KIND)]


def unread() -> Iterator[list[np.ndarray]]:
    raise AssertionError("a text was read")
    yield []


def test_documents_are_written_once(tmp_path: Path) -> None:
    path = tmp_path / "a.symbols"
    for documents in (blocks(), unread()):
        found = mapped(path, KIND, documents)
        assert [one.tolist() for one in found] == [[1, 2, 3], [4, 5]]


def test_a_file_of_another_size_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "a.symbols"
    mapped(path, KIND, blocks())
    path.write_bytes(b"\1\2")
    assert [len(one) for one in mapped(path, KIND, blocks())] == [3, 2]
    path.with_suffix(".json").write_text("[3, ")
    assert [len(one) for one in mapped(path, KIND, blocks())] == [3, 2]
