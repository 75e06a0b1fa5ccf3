"""The Row LSTM of PixelRNN (arXiv 1601.06759, §3.1): a row of an image at a time, from the states of the row above.

    gates_q = K * x + k * h of the row above                     both of width 3: x to the left and itself, h around q
    c_q = σ(f) ⊙ c_(q - W) + σ(i) ⊙ tanh(g),   h_q = σ(o) ⊙ tanh(c_q)

All pixels of a row are computed at once; pixel by pixel, h is read at lags W - 1, W and W + 1, and c at lag W. Above
the first row both are 0.

B batch, T steps, C input channels, H hidden channels, W columns.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from undertow.layers.layer import Layer
from undertow.layers.raster_conv import Raster, RasterConv, before
from undertow.layers.slots import read_slots, write_slots
from undertow.layers.stacked import Stacked
from undertow.layers.wave_scan import by_rows, wave_scan
from undertow.state import State

KERNEL_SIZE = 3


class RowLSTM(Layer, Stacked):
    """(B, T, C) -> (B, T, H) for grey images, a step a pixel.

    State: "input", the convolution's of x; "hidden" (B, W + 1, H) and "cell" (B, W, H), rings whose slots are places
    modulo their length; "place" (B,) int64, of the next input.
    """

    receptive_field = None

    def __init__(self, in_channels: int, channels: int, raster: Raster) -> None:
        super().__init__()
        assert raster.channels == 1, "a step is a pixel"
        self.channels, self.width = channels, raster.width
        self.input = RasterConv(in_channels, 4 * channels, raster, before(KERNEL_SIZE), "upto")
        self.stacked = {"weight": 4, "input.weight": 4}
        self.weight = nn.Parameter(torch.empty(4 * channels, KERNEL_SIZE, channels))
        bound = 1 / math.sqrt(KERNEL_SIZE * channels)
        nn.init.uniform_(self.weight, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        num_steps, width = x.shape[1], self.width
        rows = -(-num_steps // width)
        gates = F.pad(self.input(x), (0, 0, 0, rows * width - num_steps)).unflatten(1, (rows, width))
        gates = gates.permute(1, 2, 0, 3)[None]
        (h,) = wave_scan(gates, self.weight.flatten(1)[None], by_rows(rows, width, KERNEL_SIZE))
        return h.permute(2, 0, 1, 3).flatten(1, 2)[:, :num_steps]

    def init_state(self, batch_size: int) -> State:
        zeros = self.weight.new_zeros(batch_size, self.width + 1, self.channels)
        place = torch.zeros(batch_size, dtype=torch.int64, device=zeros.device)
        rings = {"hidden": zeros, "cell": zeros[:, 1:].clone()}
        return {"input": self.input.init_state(batch_size), **rings, "place": place}

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        gates, first = self.input.step(x, state["input"])
        hidden, cell, place = state["hidden"], state["cell"], state["place"]
        columns = torch.arange(-1, 2, device=place.device)
        made = []
        for step in range(x.shape[1]):
            there = (place % self.width)[:, None] + columns
            around = read_slots(hidden, (place[:, None] - self.width + columns) % (self.width + 1))
            around = torch.where(((there >= 0) & (there < self.width))[..., None], around, 0.0)
            above = F.linear(around.flatten(1), self.weight.flatten(1))
            slot = (place % self.width)[:, None]
            h, c = lstm_cell(gates[:, step] + above, read_slots(cell, slot)[:, 0])
            hidden = write_slots(hidden, (place % (self.width + 1))[:, None], h[:, None])
            cell = write_slots(cell, slot, c[:, None])
            place = place + 1
            made.append(h)
        return torch.stack(made, dim=1), {"input": first, "hidden": hidden, "cell": cell, "place": place}


def lstm_cell(gates: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """h and c from gates (…, 4·H), in torch's order: input, forget, candidate, output."""
    i, f, g, o = gates.chunk(4, dim=-1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c
