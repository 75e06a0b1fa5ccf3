"""Rows that read the memory of one source together: their queries are put side by side, and the memory is read once.

A memory (N, S, …) of N sources may have "readers": the "rows" (N, K) int64 that read each source, row 0 standing in
where a source has fewer than K, and the "places" (R,) int64 of the rows among N · K. Without them row r reads source r.

R rows, T queries of each, N sources, K lanes.
"""

import torch
from torch import Tensor

from undertow.state import State

OWN: State = {}  # readers of a memory of which each row reads its own


def readers_of(memory: State) -> State:
    """Which rows read which source."""
    return memory.get("readers", OWN)


def by_source(x: Tensor, readers: State) -> Tensor:
    """What rows ask (R, T, …), gathered for each source: (N, K · T, …)."""
    if not readers:
        return x
    rows = readers["rows"]
    return x.index_select(0, rows.flatten()).unflatten(0, rows.shape).flatten(1, 2)


def by_row(y: Tensor, readers: State) -> Tensor:
    """What each source answers (N, K · T, …), given back to the rows: (R, T, …)."""
    if not readers:
        return y
    num_lanes = readers["rows"].shape[1]
    return y.unflatten(1, (num_lanes, -1)).flatten(0, 1).index_select(0, readers["places"])


def source_of(readers: State, num_rows: int, device: torch.device) -> Tensor:
    """Which source each row reads: (R,) int64."""
    if not readers:
        return torch.arange(num_rows, device=device)
    return readers["places"] // readers["rows"].shape[1]
