"""Slots of a cache: rows read and write at places of their own, and a cache that grows or shrinks keeps its start."""

import torch

from undertow.layers.slots import read_slots, resized, write_slots


def test_rows_have_places_of_their_own() -> None:
    cache, slots = torch.arange(12.0).reshape(2, 3, 2), torch.tensor([[2, 0], [1, 1]])
    assert torch.equal(read_slots(cache, slots), torch.stack([cache[0, [2, 0]], cache[1, [1, 1]]]))
    written = write_slots(cache.clone(), slots[:, :1], -torch.ones(2, 1, 2))
    assert (written < 0).any(dim=-1).tolist() == [[False, False, True], [False, True, False]]


def test_a_gradient_wants_another_tensor_and_no_gradient_the_same() -> None:
    cache, slots, entries = torch.zeros(1, 3, 2), torch.tensor([[1]]), torch.ones(1, 1, 2)
    assert write_slots(cache, slots, entries).data_ptr() != cache.data_ptr()
    assert cache.abs().sum() == 0
    with torch.no_grad():
        assert write_slots(cache, slots, entries.double()).data_ptr() == cache.data_ptr()
    assert cache[0, 1].tolist() == [1, 1]


def test_another_size_keeps_the_beginning() -> None:
    cache = torch.randn(2, 3, 4)
    assert resized(cache, 3) is cache
    assert torch.equal(resized(cache, 2), cache[:, :2])
    longer = resized(cache, 5)
    assert torch.equal(longer[:, :3], cache) and not longer[:, 3:].any()
