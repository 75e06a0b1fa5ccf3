"""What an LSTM on a raster keeps of the pixels before, pixel by pixel: a hidden vector, and two rings.

B batch, L entries, H channels.
"""

import torch
from torch import Tensor, nn

from undertow.layers.slots import read_slots, write_slots
from undertow.state import State


class Ring(nn.Module):
    """The last L entries (B, H).

    State: "past" (B, L, H); "cursor" (B,) int64 at the oldest; "place" (B,) int64, of the next pixel, less the `late`
    pixels by which its entry comes later. Without entries there is a place alone.
    """

    def __init__(self, length: int, late: int = 0) -> None:
        super().__init__()
        self.length, self.late = length, late

    def init_state(self, zeros: Tensor) -> State:
        """L zeros, each such as `zeros` (B, H)."""
        start = torch.zeros(len(zeros), dtype=torch.int64, device=zeros.device)
        past = zeros.new_zeros(len(zeros), self.length, zeros.shape[1])
        return ({"past": past, "cursor": start} if self.length else {}) | {"place": start - self.late}

    def oldest(self, state: State) -> Tensor:
        """The oldest entry, (B, H)."""
        return read_slots(state["past"], state["cursor"][:, None])[:, 0]

    def advance(self, state: State, entry: Tensor) -> State:
        """The state with an entry (B, H) in place of the oldest one."""
        place = state["place"] + 1
        if not self.length:
            return {"place": place}
        past = write_slots(state["past"], state["cursor"][:, None], entry[:, None])
        return {"past": past, "cursor": (state["cursor"] + 1) % self.length, "place": place}


class PixelPast(nn.Module):
    """State: "hidden" (B, H), of the pixel before; "above", a ring of those before it; "cell", a ring of cells."""

    def __init__(self, hidden: int, cells: int) -> None:
        super().__init__()
        self.above, self.cell = Ring(hidden, late=1), Ring(cells)

    def init_state(self, zeros: Tensor) -> State:
        """Zeros, each such as `zeros` (B, H)."""
        return {"hidden": zeros, "above": self.above.init_state(zeros), "cell": self.cell.init_state(zeros)}

    def advance(self, state: State, hidden: Tensor, cell: Tensor) -> State:
        """The state after a pixel of this hidden vector and this cell, both (B, H)."""
        above = self.above.advance(state["above"], state["hidden"])
        return {"hidden": hidden, "above": above, "cell": self.cell.advance(state["cell"], cell)}
