"""PixelCNN++ (Salimans, Karpathy, Chen & Kingma, arXiv 1701.05517).

Two streams: u sees the rows above a pixel, v those and the pixels to its left. Both are halved and doubled in rows and
columns, and what is made on the way down is read again on the way up (n blocks a level down, n + 1 up, the smallest n).
The blocks are those of `undertow.layers.two_streams`. Convolutions are shifted, not masked, and their weights are
normalised (`undertow.layers.shifted_conv`); before the first update, a batch sets their scales. Where u reads a
condition of each pixel, it is that of the row above.

A step makes all of the pixel's row once more: u of a row needs the last pixel of the row above, so there is no order
pixel by pixel; and a step asks no one whether a row begins. Its cost does not depend on the rows of the image.

B batch, T steps, H rows, W columns, C channels, P parameters of the output distribution, Y condition channels.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from undertow import state as states
from undertow.alphabets.pixels import Shape
from undertow.batch import Condition
from undertow.config import Depth, Number, Probability, Width, config
from undertow.errors import UsageError
from undertow.layers import InputKind, Serial
from undertow.layers.shifted_conv import PADDING, ConcatELU, NormedOutput, Stream, starting
from undertow.layers.slots import read_slots, write_slots
from undertow.layers.two_streams import Conditions, Edge, Level, Streams
from undertow.networks.raster_network import RasterNetwork
from undertow.state import State

QUIET = 0.1  # parameters at the start: an emission's are the plainest at 0
KEPT_ROWS = 3  # a pixel's own, and two above it: what the first convolutions read


class PixelCNNpp(RasterNetwork):
    """(B, T) symbols, or (B, T, C) values of a pixel, to (B, T, P) parameters of the next one in raster order.

    State: "pixels" (B, 3W, C), of two rows above the next pixel and of its own; with a condition, "conditions"
    (B, 2W, Y), of a row above and its own; "place" (B,) int64, of the next pixel; "level", of the rows above.
    """

    @config
    class Config:
        """Shape of the network.

        Attributes:
            shape: (rows, columns, channels) of an image; by default those of the alphabet.
            input: "scalar", the brightness; "embedding", a vector for each symbol of a grey image.
            channels: C, of each stream.
            num_blocks: n, blocks of each stream of a level on the way down.
            num_levels: resolutions, each half the one before.
            dropout: probability in the middle of each block.
        """

        kind: Literal["pixelcnn_pp"] = "pixelcnn_pp"
        shape: Shape | None = None
        input: InputKind = "scalar"
        embedding_channels: Width = 16
        channels: Width = 32
        num_blocks: Depth = 5
        num_levels: Annotated[int, Field(ge=1, le=6), Number] = 3
        dropout: Probability = 0.5

    def __init__(
        self, config: Config, num_symbols: int, num_params: int, condition_channels: int = 0, in_channels: int = 1
    ) -> None:
        super().__init__(config, in_channels)
        _check_raster(config, in_channels)
        self.period = self.raster.row_steps * 2 ** (config.num_levels - 1)  # rows that the smallest level reads as one
        self.condition_channels = condition_channels
        self.input, self.in_channels = self.make_input(num_symbols, in_channels)
        self.edge = Edge(self.in_channels + 1, config.channels)
        self.level = Level(config, config.num_levels - 1, condition_channels)
        self.head = Serial(ConcatELU(), NormedOutput(2 * config.channels, num_params, start=QUIET))
        with torch.device("cpu"):
            self.receptive_field = _field(config, self.raster.width)

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        num_steps, width = x.shape[1], self.raster.width
        height = -(-num_steps // width)
        missing = height * width - num_steps
        pixels = F.pad(self._read(x)[:, 1:], (0, 0, 2 * width, missing + 1)).unflatten(1, (2 + height, width))
        inside = (torch.arange(-2, height, device=x.device) >= 0).expand(len(x), -1)
        conditions: Conditions = None, None
        if self.condition_channels and condition.aligned is not None:
            given = condition.aligned.expand(-1, num_steps, -1)
            image = F.pad(given, (0, 0, width, missing)).unflatten(1, (1 + height, width)).permute(0, 3, 1, 2)
            conditions = image[:, :, :-1], image[:, :, 1:]
        (_, v), _ = self.level(self.edge(_window(pixels, inside)), conditions, None, None)
        return self.leave(v.flatten(2).transpose(1, 2)[:, :num_steps])

    def init_state(self, batch_size: int, condition: Condition) -> State:
        like, width = self.head.layers[-1].conv.scale, self.raster.width
        made: State = {
            "pixels": like.new_zeros(batch_size, KEPT_ROWS * width, self.in_channels),
            "place": torch.zeros(batch_size, dtype=torch.int64, device=like.device),
            "level": self.level.init_state(batch_size, width),
        }
        if self.condition_channels:
            made["conditions"] = like.new_zeros(batch_size, 2 * width, self.condition_channels)
        return made

    def step_hidden(self, x: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        num_steps, width, place = x.shape[1], self.raster.width, state["place"]
        num_rows = (num_steps - 1 + width - 1) // width + 1  # that they can lie in
        times = torch.arange(num_steps, device=place.device)
        slots, row = (place % width)[:, None] + times, place // width
        seen = torch.where((place[:, None] + times > 0)[..., None], self._read(x), 0.0)  # the first is no pixel
        pixels = write_slots(F.pad(state["pixels"], (0, 0, 0, num_rows * width)), slots + 2 * width - 1, seen)
        conditions = None
        if self.condition_channels and condition.aligned is not None:
            given = condition.aligned.expand(-1, num_steps, -1)
            conditions = write_slots(F.pad(state["conditions"], (0, 0, 0, num_rows * width)), slots + width, given)
        level, made = state["level"], []
        for number in range(num_rows):
            v, after = self._make_row(pixels, conditions, level, row + number, number)
            is_whole = place + num_steps >= (row + number + 1) * width
            level = states.where(is_whole, after, level)
            made.append(v)
        moved = ((place + num_steps) // width - row)[:, None] * width
        kept: State = {"pixels": self._kept(pixels, moved, KEPT_ROWS), "place": place + num_steps, "level": level}
        if conditions is not None:
            kept["conditions"] = self._kept(conditions, moved, 2)
        return read_slots(torch.cat(made, dim=1), slots), kept

    def begin(self, x: Tensor, condition: Condition) -> None:
        with starting(self), torch.no_grad():
            self(x, condition)

    def _read(self, x: Tensor) -> Tensor:
        """Symbols' vectors, or brightness within [-1, 1]: (B, T, C)."""
        return self.input(x) if self.takes_symbols else 2 * self.input(x) - 1

    def _make_row(
        self, pixels: Tensor, conditions: Tensor | None, level: State, row: Tensor, number: int
    ) -> tuple[Tensor, State]:
        """v (B, W, C) of the row whose window begins so many rows after the first of `pixels`; the state after it."""
        width = self.raster.width
        start, own = number * width, (number + 1) * width
        window = pixels[:, start : start + KEPT_ROWS * width].unflatten(1, (KEPT_ROWS, width))
        inside = row[:, None] + torch.arange(1 - KEPT_ROWS, 1, device=row.device) >= 0
        given: Conditions = None, None
        if conditions is not None:
            above, beside = conditions[:, start:own], conditions[:, own : own + width]
            given = above.transpose(1, 2)[:, :, None], beside.transpose(1, 2)[:, :, None]
        (_, v), after = self.level(self.edge(_window(window, inside)), given, level, row)
        return v[:, :, 0].transpose(1, 2), after

    def _kept(self, entries: Tensor, moved: Tensor, num_rows: int) -> Tensor:
        return read_slots(entries, moved + torch.arange(num_rows * self.raster.width, device=moved.device))


def _window(pixels: Tensor, inside: Tensor) -> Tensor:
    """Pixels (B, R, W, C), and which of their rows are in the image (B, R), as (B, C + 1, R, W) with a channel of ones.

    Where there is no image, that channel is 0, as all others are.
    """
    ones = inside[:, :, None, None].to(pixels.dtype).expand(*pixels.shape[:3], 1)
    return torch.cat([pixels, ones], dim=-1).permute(0, 3, 1, 2)


def _check_raster(config: Any, in_channels: int) -> None:
    """Refuse images that cannot be halved, and channels that are steps.

    Raises:
        UsageError: they are.
    """
    _, width, channels = config.shape
    if channels > 1 and in_channels == 1:
        raise UsageError("a pixelcnn_pp reads whole pixels: set alphabet.ordered=false, so that a step is a pixel")
    part = 2 ** (config.num_levels - 1)
    if width % part:
        raise UsageError(
            f"images of {width} columns cannot be halved {config.num_levels - 1} times, as num_levels "
            f"{config.num_levels} needs; take images of a multiple of {part} columns, or fewer levels"
        )


def _field(config: Any, width: int) -> int:
    """Steps from the oldest pixel that any output sees to its own: the longest way through the network.

    As a convolution sums over what it reads, here it takes the largest age; so this is the network itself, with one
    channel of the places of pixels in place of their values.
    """
    blocks, levels = config.num_blocks, config.num_levels
    scales = [2**level for level in range(levels)]
    height = 2 + sum((4 * blocks + 4) * scale for scale in scales) + 2 * scales[-1]
    height = -(-height // scales[-1]) * scales[-1]
    ages = -torch.arange(height * width, dtype=torch.float64).unflatten(0, (1, 1, height, width))
    far = torch.cat([torch.full((1, 1, 2, width), -torch.inf, dtype=torch.float64), ages], dim=2)
    wide = _padded(far, (1, 1, 0, 0))
    u = F.max_pool2d(wide[:, :, :-1], (2, 3), 1)
    over, beside = F.max_pool2d(wide[:, :, 1:-1], (1, 3), 1), F.max_pool2d(wide[:, :, 1:, :-2], (2, 1), 1)
    *_, (_, v) = _ages((u, torch.maximum(over, beside)), blocks, levels - 1)
    return int((v - ages)[..., -2 * scales[-1] :, :].max())


def _ages(pair: Streams, blocks: int, num_inner: int) -> Iterator[Streams]:
    """The ages after every block of a level; see `Level`."""
    skips = [pair]
    for _ in range(blocks):
        pair = _older(pair, None)
        skips.append(pair)
    if num_inner:
        u, v = _oldest(pair[0], "down", 2), _oldest(pair[1], "right", 2)
        *_, (u, v) = _ages((u, v), blocks, num_inner - 1)
        u, v = (one.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3) for one in (u, v))
        beside = torch.maximum(u, _padded(u, (0, 1, 0, 0))[..., 1:])  # of a pair of columns, the second reads the next
        pair = torch.where(torch.arange(u.shape[3]) % 2 == 1, beside, u), v
    else:
        skips.pop()
    yield pair
    while skips:
        pair = _older(pair, skips.pop())
        yield pair


def _older(pair: Streams, skips: Streams | None) -> Streams:
    u, v = pair
    entered = _oldest(u, "down")
    u = torch.maximum(u, _oldest(entered if skips is None else torch.maximum(entered, skips[0]), "down"))
    beside = u if skips is None else torch.maximum(u, skips[1])
    return u, torch.maximum(v, _oldest(torch.maximum(_oldest(v, "right"), beside), "right"))


def _oldest(x: Tensor, stream: Stream, stride: int = 1) -> Tensor:
    padding = PADDING[stream]
    return F.max_pool2d(_padded(x, (*padding, 1, 0)), (2, 1 + sum(padding)), stride)


def _padded(x: Tensor, sides: tuple[int, int, int, int]) -> Tensor:
    return F.pad(x, sides, value=-torch.inf)
