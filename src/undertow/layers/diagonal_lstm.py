"""The Diagonal BiLSTM of PixelRNN (arXiv 1601.06759, §3.2): the whole image above and to the left, in two directions.

    left:  gates = K x + k h(row, column - 1) + m h(row - 1, column),   c from (row, column - 1)
    right: the same with column + 1 in place of column - 1
    y(row, column) = left(row, column) + right(row - 1, column)

Right is moved down a row, because in its own row it has seen pixels to the right. A whole image is computed diagonal by
diagonal: row r is moved r columns to the right ("skewed"), so that all that a column reads lies in the column before.
Step by step, left goes on pixel by pixel, and right is computed once a row is complete, from the end of it; a step asks
no one whether it is, so it computes right and keeps it where it is.

B batch, T steps, C input channels, H hidden channels, R rows, W columns.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from undertow.layers.layer import Layer
from undertow.layers.raster_conv import Raster
from undertow.layers.row_lstm import lstm_cell
from undertow.layers.slots import read_slots, write_slots
from undertow.state import State


class DiagonalBiLSTM(Layer):
    """(B, T, C) -> (B, T, H) for grey images, a step a pixel.

    State: "hidden" and "cell" (B, 1, H), left's of the pixel before; "above" (B, W, H), left's of the last W pixels;
    "row" (B, W, C), inputs of the last W pixels; "right" (B, W, H), right's of the last whole row; "place" (B,) int64,
    of the next input. The slot of a pixel is its column.
    """

    receptive_field = None
    left: Any
    right: Any

    def __init__(self, in_channels: int, channels: int, raster: Raster) -> None:
        super().__init__()
        assert raster.channels == 1, "a step is a pixel"
        self.in_channels, self.channels, self.width = in_channels, channels, raster.width
        sizes = in_channels + channels, channels  # each reads x and h of the pixel above, side by side
        self.left, self.right = nn.LSTM(*sizes, batch_first=True), nn.LSTM(*sizes, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        num_steps, width = x.shape[1], self.width
        rows = -(-num_steps // width)
        image = F.pad(x, (0, 0, 0, rows * width - num_steps)).unflatten(1, (rows, width))
        left = self._scan(self.left, image)
        right = self._scan(self.right, image.flip(2)).flip(2)
        right = F.pad(right, (0, 0, 0, 0, 1, 0))[:, :-1]
        return (left + right).flatten(1, 2)[:, :num_steps]

    def init_state(self, batch_size: int) -> State:
        weight, width = self.left.weight_ih_l0, self.width
        sizes = {"hidden": (1, self.channels), "cell": (1, self.channels), "above": (width, self.channels)}
        sizes |= {"row": (width, self.in_channels), "right": (width, self.channels)}
        place = torch.zeros(batch_size, dtype=torch.int64, device=weight.device)
        return {name: weight.new_zeros(batch_size, *size) for name, size in sizes.items()} | {"place": place}

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        h, c, above, row, right, place = (state[name] for name in ("hidden", "cell", "above", "row", "right", "place"))
        made = []
        for step in range(x.shape[1]):
            column = (place % self.width)[:, None]
            begins = (column == 0)[..., None]
            whole, _ = self.right(torch.cat([row, right], dim=-1).flip(1))
            right = torch.where(begins & (place > 0)[:, None, None], whole.flip(1), right)
            h, c = (torch.where(begins, 0.0, part) for part in (h, c))
            seen = torch.cat([x[:, step : step + 1], read_slots(above, column)], dim=-1)
            h, c = _cell(self.left, seen, h, c)
            above, row = write_slots(above, column, h), write_slots(row, column, x[:, step : step + 1])
            made.append(h + read_slots(right, column))
            place = place + 1
        kept = {"hidden": h, "cell": c, "above": above, "row": row, "right": right, "place": place}
        return torch.cat(made, dim=1), kept

    def _scan(self, lstm: Any, image: Tensor) -> Tensor:
        """One direction, from left to right: (B, R, W, C) -> (B, R, W, H)."""
        rows, width = image.shape[1:3]
        weight = lstm.weight_ih_l0
        own, upper = weight.split([self.in_channels, self.channels], dim=1)
        gates = F.linear(image, own, lstm.bias_ih_l0 + lstm.bias_hh_l0)
        columns = torch.arange(width + rows - 1, device=image.device)
        place = columns[None] - torch.arange(rows, device=image.device)[:, None]  # (R, diagonals): the column there
        inside = (place >= 0) & (place < width)
        index = place.clamp(0, width - 1)[None, :, :, None].expand(len(image), -1, -1, gates.shape[-1])
        skewed = gates.gather(2, index)
        h = c = gates.new_zeros(len(image), rows, self.channels)
        made = []
        for column in range(width + rows - 1):
            from_above = F.pad(h, (0, 0, 1, 0))[:, :-1]
            h, c = lstm_cell(skewed[:, :, column] + F.linear(h, lstm.weight_hh_l0) + F.linear(from_above, upper), c)
            there = inside[None, :, column, None]
            h, c = torch.where(there, h, 0.0), torch.where(there, c, 0.0)
            made.append(h)
        whole = torch.stack(made, dim=2)  # (B, R, diagonals, H)
        back = (torch.arange(width, device=image.device) + torch.arange(rows, device=image.device)[:, None])[..., None]
        return whole.gather(2, back.expand(len(image), -1, -1, self.channels))


def _cell(lstm: Any, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    gates = F.linear(x, lstm.weight_ih_l0, lstm.bias_ih_l0) + F.linear(h, lstm.weight_hh_l0, lstm.bias_hh_l0)
    return lstm_cell(gates, c)
