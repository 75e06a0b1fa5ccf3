"""The memory of sources that rows read: stored once for each source, however many rows a search has for it.

R rows, N sources, K lanes: the most rows of one source.
"""

from dataclasses import dataclass

import numpy as np
import torch

from undertow.state import State, leaves, select

NAME = "memory"  # of the part of a network's state that belongs to the source, and that no step changes
CROWDED = 0.75  # when rows read a smaller share of the sources, the other sources are dropped


@dataclass(frozen=True)
class Memory:
    """The memory of N sources in a state, and which source each of R rows reads.

    Attributes:
        parts: its leaves (N, …), as the network reads them; None for a network without a memory.
        sources: (R,) int64, the source of each row.
    """

    parts: State | None
    sources: np.ndarray

    @staticmethod
    def of(network: State, num_rows: int) -> tuple["Memory", State]:
        """Split a state into its memory, with one source for each row, and the rest."""
        parts = network.get(NAME)
        own = {name: part for name, part in network.items() if name != NAME}
        return Memory(parts, np.arange(num_rows)), own

    def select(self, rows: np.ndarray) -> "Memory":
        """The memory of the given rows; copied only if many sources have no rows left."""
        if self.parts is None:
            return self
        sources = self.sources[rows]
        read = np.unique(sources)
        num_sources = len(leaves(self.parts)[0])
        if len(read) > CROWDED * num_sources:
            return _shared(self.parts, sources, num_sources)
        return _shared(select(_plain(self.parts), torch.from_numpy(read)), np.searchsorted(read, sources), len(read))

    def read_by(self, own: State) -> State:
        """The whole state of a network: the rows' own part and this memory."""
        return own if self.parts is None else {**own, NAME: self.parts}

    def taken_from(self, network: State) -> State:
        """The rows' own part of a network's state."""
        return {name: part for name, part in network.items() if name != NAME}

    def given_to(self, own: State, rows: np.ndarray) -> State:
        """A whole state of the given rows, each with its own copy of the memory."""
        if self.parts is None:
            return own
        return {**own, NAME: select(_plain(self.parts), torch.from_numpy(self.sources[rows]))}


def _plain(parts: State) -> State:
    """The memory without its readers."""
    return {name: part for name, part in parts.items() if name != "readers"}


def _shared(parts: State, sources: np.ndarray, num_sources: int) -> Memory:
    """Memory with its readers, as `undertow.layers.sharing` takes them; without readers if each row reads its own."""
    plain = _plain(parts)
    if len(sources) == num_sources and (sources == np.arange(num_sources)).all():
        return Memory(plain, sources)
    order = np.argsort(sources, kind="stable")
    in_order = sources[order]
    lanes = np.empty_like(sources)
    lanes[order] = np.arange(len(order)) - np.searchsorted(in_order, in_order)
    num_lanes = int(lanes.max()) + 1
    rows = np.zeros((num_sources, num_lanes), dtype=np.int64)
    rows[sources, lanes] = np.arange(len(sources))
    device = leaves(plain)[0].device
    places = torch.from_numpy(sources * num_lanes + lanes)
    readers = {"rows": torch.from_numpy(rows).to(device), "places": places.to(device)}
    return Memory({**plain, "readers": readers}, sources)
