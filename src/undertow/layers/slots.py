"""Reading and writing the slots of a ring or a cache, each row at places of its own.

B batch, L slots, n of them.
"""

import torch
from torch import Tensor


def read_slots(cache: Tensor, slots: Tensor) -> Tensor:
    """Entries of a cache (B, L, C) at slots (B, n): (B, n, C)."""
    return cache.gather(1, slots[:, :, None].expand(-1, -1, cache.shape[2]))


def write_slots(cache: Tensor, slots: Tensor, entries: Tensor) -> Tensor:
    """Put entries (B, n, …) into a cache (B, L, …) at slots (B, n); in place where no gradient is wanted."""
    index = slots[(..., *[None] * (entries.dim() - 2))].expand_as(entries)
    entries = entries.to(cache.dtype)
    return cache.scatter(1, index, entries) if torch.is_grad_enabled() else cache.scatter_(1, index, entries)


def resized(cache: Tensor, size: int) -> Tensor:
    """A cache (B, L, …) with another number of slots; the new ones are zero. The same one where it has that many."""
    if cache.shape[1] == size:
        return cache
    other = cache.new_zeros(len(cache), size, *cache.shape[2:])
    kept = min(size, cache.shape[1])
    other[:, :kept] = cache[:, :kept]
    return other
