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
from undertow.layers.pixel_past import PixelPast
from undertow.layers.raster_conv import Raster, RasterConv, before
from undertow.layers.slots import read_slots
from undertow.layers.stacked import Stacked
from undertow.layers.wave_scan import by_rows, wave_scan
from undertow.state import State

KERNEL_SIZE = 3


class RowLSTM(Layer, Stacked):
    """(B, T, C) -> (B, T, H) for grey images, a step a pixel.

    State: "input", the convolution's of x; "kept", what is kept of the pixels before: the hidden vector of the last,
    those of the W before it (none where W is 1), and W cells.
    """

    receptive_field = None

    def __init__(self, in_channels: int, channels: int, raster: Raster) -> None:
        super().__init__()
        assert raster.channels == 1, "a step is a pixel"
        self.channels, self.width = channels, raster.width
        self.input = RasterConv(in_channels, 4 * channels, raster, before(KERNEL_SIZE), "upto")
        self.kept = PixelPast(raster.width if raster.width > 1 else 0, raster.width)
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
        kept = self.kept.init_state(self.weight.new_zeros(batch_size, self.channels))
        return {"input": self.input.init_state(batch_size), "kept": kept}

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        gates, first = self.input.step(x, state["input"])
        kept, made = state["kept"], []
        for step in range(x.shape[1]):
            seen = F.linear(self._around(kept).flatten(1), self.weight.flatten(1))
            h, c = lstm_cell(gates[:, step] + seen, self.kept.cell.oldest(kept["cell"]))
            kept = self.kept.advance(kept, h, c)
            made.append(h)
        return torch.stack(made, dim=1), {"input": first, "kept": kept}

    def _around(self, kept: State) -> Tensor:
        """The hidden vectors (B, 3, H) in the row above around the next pixel; 0 beyond its ends."""
        h, above, width = kept["hidden"], kept["above"], self.width
        if width == 1:
            return F.pad(h[:, None], (0, 0, 1, 1))
        ages = torch.arange(KERNEL_SIZE, device=h.device).clamp(max=width)  # from the oldest on; then the last pixel
        slots = torch.where(ages < width, (above["cursor"][:, None] + ages) % width, width)
        columns = (kept["cell"]["place"] % width)[:, None] + torch.arange(-1, KERNEL_SIZE - 1, device=h.device)
        around = read_slots(torch.cat([above["past"], h[:, None]], dim=1), slots)
        return torch.where(((columns >= 0) & (columns < width))[..., None], around, 0.0)


def lstm_cell(gates: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """h and c from gates (…, 4·H), in torch's order: input, forget, candidate, output."""
    i, f, g, o = gates.chunk(4, dim=-1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c
