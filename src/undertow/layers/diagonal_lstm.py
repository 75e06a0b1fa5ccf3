"""The Diagonal BiLSTM of PixelRNN (arXiv 1601.06759, §3.2): the whole image above and to the left, in two directions.

    left:  gates = K x + k h(row, column - 1) + m h(row - 1, column),   c from (row, column - 1)
    right: the same with column + 1 in place of column - 1
    y(row, column) = left(row, column) + right(row - 1, column)

Right is moved down a row, because in its own row it has seen pixels to the right. A whole image is computed diagonal by
diagonal: all that a pixel reads lies in the diagonal before. Step by step, left goes on pixel by pixel, and right is
computed once a row is complete, from the end of it; a step asks no one whether it is, so it computes right and keeps it
where it is complete.

B batch, T steps, C input channels, H hidden channels, R rows, W columns.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from undertow.layers.layer import Layer
from undertow.layers.pixel_past import PixelPast
from undertow.layers.raster_conv import Raster
from undertow.layers.row_lstm import lstm_cell
from undertow.layers.slots import read_slots, write_slots
from undertow.layers.stacked import Stacked
from undertow.layers.wave_scan import by_diagonals, wave_scan
from undertow.state import State


class DiagonalBiLSTM(Layer, Stacked):
    """(B, T, C) -> (B, T, H) for grey images, a step a pixel.

    State: "of_left" and "of_right", what each keeps of the pixels before in its own order: the hidden vector of the
    last, those of the W - 1 before it, and a cell; the inputs of a row that is not whole yet, "pending" (B, W, C), and
    their number, "phase" (B,) int64; right's "outputs" (B, W, H) of the last whole row.
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
        self.of_left, self.of_right = (PixelPast(raster.width - 1, 1) for _ in range(2))
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
        zeros = weight.new_zeros(batch_size, self.channels)
        sides = {"of_left": self.of_left.init_state(zeros), "of_right": self.of_right.init_state(zeros.clone())}
        phase = torch.zeros(batch_size, dtype=torch.int64, device=weight.device)
        pending = weight.new_zeros(batch_size, width, self.in_channels)
        return {**sides, "pending": pending, "phase": phase, "outputs": zeros[:, None].repeat(1, width, 1)}

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        names = "of_left", "of_right", "pending", "phase", "outputs"
        left, right, pending, phase, outputs = (state[name] for name in names)
        made = []
        for step in range(x.shape[1]):
            column = phase[:, None]
            left = self._step_left(left, x[:, step], column == 0)
            made.append(left["hidden"] + read_slots(outputs, column)[:, 0])
            pending = write_slots(pending, column, x[:, step : step + 1])
            is_whole = column + 1 == self.width
            row, (_, cell) = self.right(torch.cat([pending, outputs], dim=-1).flip(1))
            right = self._after_row(right, row, cell[0], is_whole)
            outputs = torch.where(is_whole[..., None], row.flip(1), outputs)
            pending = torch.where(is_whole[..., None], 0.0, pending)
            phase = (phase + 1) % self.width
        after = left, right, pending, phase, outputs
        return torch.stack(made, dim=1), dict(zip(names, after, strict=True))

    def _step_left(self, left: State, x: Tensor, begins: Tensor) -> State:
        """Left's state after an input (B, C); where it begins a row, there is nothing to the left."""
        above = self.of_left.above.oldest(left["above"]) if self.width > 1 else left["hidden"]
        cell = self.of_left.cell.oldest(left["cell"])
        h, c = (torch.where(begins, 0.0, part) for part in (left["hidden"], cell))
        return self.of_left.advance(left, *_cell(self.left, torch.cat([x, above], dim=-1), h, c))

    def _after_row(self, right: State, row: Tensor, cell: Tensor, is_whole: Tensor) -> State:
        """Right's state, where a row is whole (B, 1), of its hidden vectors (B, W, H) from the end on, and a cell."""
        after: State = {"hidden": torch.where(is_whole, row[:, -1], right["hidden"])}
        for name, past in (("above", row[:, :-1]), ("cell", cell[:, None])):
            ring = right[name]
            after[name] = {"place": ring["place"] + torch.where(is_whole[:, 0], self.width, 0)}
            if past.shape[1]:
                after[name]["past"] = torch.where(is_whole[..., None], past, ring["past"])
                after[name]["cursor"] = torch.where(is_whole[:, 0], 0, ring["cursor"])
        return after

    def _gates(self, lstm: Any, image: Tensor) -> tuple[Tensor, Tensor]:
        """One direction's inputs of the gates, (R, W, B, 4·H), and its weights of what is seen, (4·H, 2·H)."""
        own, upper = lstm.weight_ih_l0.split([self.in_channels, self.channels], dim=1)
        gates = F.linear(image, own, lstm.bias_ih_l0 + lstm.bias_hh_l0)
        return gates, torch.cat([upper, lstm.weight_hh_l0], dim=1)


def _cell(lstm: Any, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    gates = F.linear(x, lstm.weight_ih_l0, lstm.bias_ih_l0) + F.linear(h, lstm.weight_hh_l0, lstm.bias_hh_l0)
    return lstm_cell(gates, c)
