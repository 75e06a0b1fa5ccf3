"""Convolution over a raster: a causal convolution whose taps are pixels above and to the left.

An image is its values in raster order, row by row from the top: W pixels a row, G channels a pixel (1 grey; 3 red,
green, blue, in this order), a step a value. A tap (r, c) is the pixel r rows up and c columns to the right, r·W - c
pixels back; where the row ends there is none, and zeros stand for it. So one layer is a 2-D convolution of a whole
image and, value by value, a few entries of a ring (PixelCNN, arXiv 1601.06759, §3; Gated PixelCNN, arXiv 1606.05328).

Every channel of a pixel has weights of its own, G by G with those that it reads: the masks of a 2-D convolution. No
weight is ever multiplied with a pixel that is not known yet, not even by 0.

B batch, T steps, C input channels and O output channels of a step, K taps, L past steps.
"""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from undertow.layers.layer import Layer
from undertow.layers.slots import read_slots
from undertow.state import State

Own = Literal["none", "before", "upto"]


class Raster(NamedTuple):
    """W columns of pixels of G channels."""

    width: int
    channels: int = 1

    @property
    def row_steps(self) -> int:
        """Steps of a row."""
        return self.width * self.channels

    def whole(self, num_places: int) -> int:
        """Places of as many whole rows as these need, of one at least."""
        return max(1, -(-num_places // self.row_steps)) * self.row_steps


class Block(NamedTuple):
    """A rectangle of taps, of whole pixels: `first_row` ≤ r ≤ `last_row` rows up, columns c to the right."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int

    @property
    def taps(self) -> list[tuple[int, int]]:
        """(r, c) in the order of a picture: the top row first, each row from the left."""
        columns = range(self.first_column, self.last_column + 1)
        return [(row, column) for row in range(self.last_row, self.first_row - 1, -1) for column in columns]


class RasterConv(Layer):
    """y_q = b + Σ_taps W_tap x_{q - tap} for the value at place q of the raster: (B, T, C) -> (B, T, O).

    At step s it is given the value at place s - `late`, and gives the output of place s - `late` + `ahead`. What comes
    before the first place (the start symbol; outputs of a layer that is late itself) counts as outside of the image.

    State: "past" (B, L, C), a ring of inputs; "cursor" (B,) int64 at the oldest of them; "place" (B,) int64, the place
    of the next input. Empty for a single tap on a grey pixel itself.

    Args:
        blocks: the taps, without the pixel itself where `own` sees to it.
        own: values of the pixel itself that are seen: "none"; "before", those of the channels before (mask A); or
            "upto", its own channel's too (mask B).

    Attributes:
        taps: (rows up, columns to the right) of each, in the order of the weight (G·O, K, G·C).
        ignored: first inputs that nothing depends on.
    """

    _lags: Tensor
    _inside: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        raster: Raster,
        blocks: Sequence[Block],
        own: Own = "none",
        *,
        late: int = 0,
        ahead: int = 0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels, self.raster = in_channels, out_channels, raster
        self.late, self.ahead, self.ignored = late, ahead, late
        self.blocks, self.own = _joined(list(blocks), own, raster)
        self.taps = [tap for block in self.blocks for tap in block.taps] + [(0, 0)] * (self.own != "none")
        self._reach()
        self._make_tables()
        group = raster.channels
        self.weight = nn.Parameter(torch.empty(group * out_channels, len(self.taps), group * in_channels))
        self.bias = nn.Parameter(torch.empty(group * out_channels)) if bias else None
        self.reset_parameters()

    @property
    def width(self) -> int:
        """Pixels of a row."""
        return self.raster.width

    def reset_parameters(self) -> None:
        """Uniform within ±1/√(fan in), as `torch.nn.Conv2d` starts; weights that the masks hide are 0."""
        group, whole = self.raster.channels, sum(len(block.taps) for block in self.blocks)
        with torch.no_grad():
            for channel, rows in enumerate(self.weight.split(self.out_channels)):
                seen = channel + (self.own == "upto") if self.own != "none" else 0
                bound = 1 / math.sqrt(max(1, (whole * group + seen) * self.in_channels))
                nn.init.uniform_(rows, -bound, bound)
                if self.own != "none":
                    rows[:, -1, seen * self.in_channels :] = 0.0
                if self.bias is not None:
                    nn.init.uniform_(self.bias.split(self.out_channels)[channel], -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        num_steps = x.shape[1]
        if not self.has_state:
            return self.at_places(x)
        wanted = num_steps - self.late + self.ahead  # places from the first on
        y = self.at_places(by_place(x, self.late, self.raster.whole(max(wanted, num_steps - self.late))))
        moved = self.late - self.ahead
        return (F.pad(y, (0, 0, moved, 0)) if moved else y)[:, :num_steps]

    def at_places(self, x: Tensor) -> Tensor:
        """The outputs of all places from the values of all places, however late: (B, P, C) -> (B, P, O), whole rows."""
        if not self.has_state:
            return F.linear(x, self.weight[:, 0], self.bias)
        pixel = self.raster.channels * self.in_channels
        return self._convolve(x.reshape(len(x), -1, self.raster.width, pixel)).reshape(*x.shape[:2], self.out_channels)

    def init_state(self, batch_size: int) -> State:
        if not self.has_state:
            return {}
        ring = self.weight.new_zeros(batch_size, self.history, self.in_channels)
        zeros = torch.zeros(batch_size, dtype=torch.int64, device=ring.device)
        place = {"place": zeros - self.late}
        return {"past": ring, "cursor": zeros, **place} if self.history else place

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        if not self.has_state:
            return self(x), state
        num_steps, place = x.shape[1], state["place"]
        places = place[:, None] + torch.arange(num_steps, device=place.device)
        if self.late:
            x = torch.where((places < 0)[:, :, None], 0.0, x)
        outputs = places + self.ahead if self.ahead else places
        lags, inside = self._taps_at(outputs)
        after: State = {}
        if not self.history:
            window = x[:, :, None]
        elif num_steps == 1 and not torch.is_grad_enabled():
            window, after = self._window_of_one(x, lags, state)
        else:
            ages = torch.arange(self.history, device=place.device)
            past = read_slots(state["past"], (state["cursor"][:, None] + ages) % self.history)
            given = torch.cat([past, x], dim=1)
            slots = self.history + torch.arange(num_steps, device=place.device)[:, None] - lags
            window = read_slots(given, slots.flatten(1)).unflatten(1, lags.shape[1:])
            after = {"past": given[:, -self.history :].contiguous(), "cursor": torch.zeros_like(place)}
        window = torch.where(inside[..., None], window, 0.0)
        return self._weighed(window.flatten(2), outputs), {**after, "place": place + num_steps}

    def _window_of_one(self, x: Tensor, lags: Tensor, state: State) -> tuple[Tensor, State]:
        """The taps (B, 1, K·G, C) of one input (B, 1, C), which then takes the oldest entry's place."""
        ring, cursor = state["past"], state["cursor"]
        slots = (cursor[:, None] - lags[:, 0]) % self.history
        window = torch.where((lags[:, 0] == 0)[..., None], x, read_slots(ring, slots))
        ring.scatter_(1, cursor[:, None, None].expand(-1, 1, self.in_channels), x.to(ring.dtype))
        return window[:, None], {"past": ring, "cursor": (cursor + 1) % self.history}

    def _taps_at(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """For outputs at places (B, T): how many inputs back each tap's values lie, and whether they are in the image.

        Both are (B, T, K·G), the values of a tap's pixel side by side.
        """
        group = self.raster.channels
        lags = self._lags[places % group] if group > 1 else self._lags.expand(*places.shape, -1)
        return lags, self._inside[places % self.raster.row_steps]

    def _weighed(self, window: Tensor, places: Tensor) -> Tensor:
        """The outputs (B, T, O) of windows (B, T, K·G·C), each with the weights of its channel; 0 before the image."""
        group = self.raster.channels
        y = F.linear(window, self.weight.flatten(1), self.bias)
        if group > 1:
            channel = (places % group)[..., None, None].expand(-1, -1, 1, self.out_channels)
            y = y.unflatten(2, (group, self.out_channels)).gather(2, channel)[:, :, 0]
        return torch.where((places < 0)[:, :, None], 0.0, y) if self.late > self.ahead else y

    def _convolve(self, image: Tensor) -> Tensor:
        """An image (B, H, W, G·C) -> (B, H, W, G·O), in one channels-last convolution for each block."""
        made, start = None, 0
        for block in self.blocks:
            size = block.last_row - block.first_row + 1, block.last_column - block.first_column + 1
            kernel = self.weight[:, start : start + size[0] * size[1]].unflatten(1, size).permute(0, 3, 1, 2)
            start += size[0] * size[1]
            sides = -block.first_column, block.last_column, block.last_row, -block.first_row
            given = F.pad(image.permute(0, 3, 1, 2), sides) if any(sides) else image.permute(0, 3, 1, 2)
            part = F.conv2d(given, kernel, self.bias if made is None else None).permute(0, 2, 3, 1)
            made = part if made is None else made + part
        if self.own != "none":
            own = self._convolve_own(image)
            return made + own if made is not None else own if self.bias is None else own + self.bias
        assert made is not None
        return made

    def _convolve_own(self, image: Tensor) -> Tensor:
        """What each channel of a pixel reads of the channels before it: (B, H, W, G·C) -> (B, H, W, G·O)."""
        parts, extra = [], int(self.own == "upto")
        for channel, weight in enumerate(self.weight[:, -1].split(self.out_channels)):
            seen = (channel + extra) * self.in_channels
            parts.append(F.linear(image[..., :seen], weight[:, :seen]))
        return torch.cat(parts, dim=-1)

    def _make_tables(self) -> None:
        """Of the outputs of a row: each tap's lags, by channel (G, K·G), and what is in the image (W·G, K·G)."""
        width, group = self.raster
        rows, columns = torch.tensor(self.taps).T
        values, channels = torch.arange(group), torch.arange(group)[:, None, None]
        lags = ((rows * width - columns) * group)[:, None] + (channels - values) - self.ahead
        there = torch.arange(width)[:, None] + columns
        inside = ((there >= 0) & (there < width))[:, None, :, None].repeat(1, group, 1, group)
        if self.own != "none":
            value, channel = torch.arange(group), torch.arange(group)[:, None]
            inside[:, :, -1] &= value < channel if self.own == "before" else value <= channel
        self.register_buffer("_lags", lags.clamp(0, self.history).flatten(1), persistent=False)
        self.register_buffer("_inside", inside.flatten(2).flatten(0, 1), persistent=False)

    def _reach(self) -> None:
        """Past inputs L that are kept; the receptive field; and the delay: the first output that sees an input."""
        width, group = self.raster
        is_own = [self.own != "none" and index == len(self.taps) - 1 for index in range(len(self.taps))]
        lags, first = [0], []
        for (row, column), own in zip(self.taps, is_own, strict=True):
            if abs(column) < width:
                back = (row * width - column) * group - self.ahead
                nearest = (0 if self.own == "upto" else 1) if own else 1 - group
                assert back + nearest >= 0, f"tap {row, column} lies in the future"
                lags.append(back + group - 1)
                place = row * width * group + max(0, -column) * group
                first.append(place + (nearest if own else 0))
        self.history = max(lags)
        self.has_state = self.taps != [(0, 0)] or group > 1 or self.late > 0
        self.receptive_field = self.history + 1
        self.delay = min(first) + self.late - self.ahead


def by_place(x: Tensor, late: int, num_places: int) -> Tensor:
    """Steps (B, T, C), the first of them `late` steps before the first place, to (B, P, C); zeros after the last."""
    given = x[:, late:][:, :num_places]
    missing = num_places - given.shape[1]
    return F.pad(given, (0, 0, 0, missing)) if missing else given


def around(kernel_size: int) -> list[Block]:
    """The taps of a square kernel before its centre: PixelCNN's masks, but for the pixel itself."""
    half = kernel_size // 2
    return [Block(1, half, -half, half), *before(kernel_size)] if half else []


def before(kernel_size: int) -> list[Block]:
    """The taps of a row before its centre: the horizontal stack of Gated PixelCNN."""
    half = kernel_size // 2
    return [Block(0, 0, -half, -1)] if half else []


def _joined(blocks: list[Block], own: Own, raster: Raster) -> tuple[list[Block], Own]:
    """Taps in as few blocks as can be: of a grey pixel itself there is all to see, or nothing."""
    if raster.channels > 1:
        return blocks, own
    if own == "upto":
        last = blocks[-1] if blocks else Block(0, 0, 0, -1)
        joins = (last.first_row, last.last_row, last.last_column) == (0, 0, -1)
        blocks = [*blocks[:-1], last._replace(last_column=0)] if joins else [*blocks, Block(0, 0, 0, 0)]
    return blocks, "none"
