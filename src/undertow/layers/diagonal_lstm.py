"""The Diagonal BiLSTM of PixelRNN (arXiv 1601.06759, §3.2): the whole image above and to the left, in two directions.

    left:  gates = K x + k h(row, column - 1) + m h(row - 1, column),   c from (row, column - 1)
    right: the same with column + 1 in place of column - 1
    y(row, column) = left(row, column) + right(row - 1, column)

Right is moved down a row, because in its own row it has seen pixels to the right. A whole image is computed diagonal by
diagonal: all that a pixel reads lies in the diagonal before. Step by step, left goes on pixel by pixel, and right is
computed once a row is complete, from the end of it; a step asks no one whether it is, so it computes right and keeps it
where it is.

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
from undertow.layers.stacked import Stacked
from undertow.layers.wave_scan import by_diagonals, wave_scan
from undertow.state import State


class DiagonalBiLSTM(Layer, Stacked):
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
        self.stacked = {f"{side}.weight_{part}_l0": 4 for side in ("left", "right") for part in ("ih", "hh")}

    def forward(self, x: Tensor) -> Tensor:
        num_steps, width = x.shape[1], self.width
        rows = -(-num_steps // width)
        image = F.pad(x, (0, 0, 0, rows * width - num_steps)).unflatten(1, (rows, width)).permute(1, 2, 0, 3)
        both = self._gates(self.left, image), self._gates(self.right, image.flip(1))
        gates, weights = (torch.stack(parts) for parts in zip(*both, strict=True))
        left, right = wave_scan(gates, weights, by_diagonals(rows, width))
        right = F.pad(right.flip(1), (0, 0, 0, 0, 0, 0, 1, 0))[:-1]
        return (left + right).permute(2, 0, 1, 3).flatten(1, 2)[:, :num_steps]

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

    def _gates(self, lstm: Any, image: Tensor) -> tuple[Tensor, Tensor]:
        """One direction's inputs of the gates, (R, W, B, 4·H), and its weights of what is seen, (4·H, 2·H)."""
        own, upper = lstm.weight_ih_l0.split([self.in_channels, self.channels], dim=1)
        gates = F.linear(image, own, lstm.bias_ih_l0 + lstm.bias_hh_l0)
        return gates, torch.cat([upper, lstm.weight_hh_l0], dim=1)


def _cell(lstm: Any, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    gates = F.linear(x, lstm.weight_ih_l0, lstm.bias_ih_l0) + F.linear(h, lstm.weight_hh_l0, lstm.bias_hh_l0)
    return lstm_cell(gates, c)
