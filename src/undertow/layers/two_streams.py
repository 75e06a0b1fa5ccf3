"""The blocks of PixelCNN++ (arXiv 1701.05517): two streams, u and v, at several resolutions.

u sees the rows above a pixel, v those and the pixels to its left. A block, of stream x, with s from the other stream
and from the way down, and a condition y:

    a, b = W_2 * dropout(f(W_1 * f(x) + W_s f(s))) + V y          f(x) = elu([x, -x])
    x + a ⊙ σ(b)

All of it maps whole images, or a single row with the state after the rows above.

B batch, H rows, W columns, C channels, Y condition channels.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from undertow import state as states
from undertow.layers.dropout import Dropout
from undertow.layers.shifted_conv import GrownConv, NormedConv, ShiftedConv, Stream, concat_elu
from undertow.state import State

QUIET = 0.1  # of a block's second convolution at the start
Streams = tuple[Tensor, Tensor]
Conditions = tuple[Tensor | None, Tensor | None]


class Edge(nn.Module):
    """The first convolutions: of a window of pixels to u and v, which do not see the pixel itself.

    u: two rows above, three columns; v: three columns of the row above, and the column to the left of it and its own.
    """

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.above = NormedConv(in_channels, channels, (2, 3))
        self.over = NormedConv(in_channels, channels, (1, 3))
        self.beside = NormedConv(in_channels, channels, (2, 1))

    def forward(self, window: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, 2 + H, W), two rows more than the outputs at the top, to two of (B, O, H, W)."""
        wide = F.pad(window, (1, 1))
        v = self.over(wide[:, :, 1:-1]) + self.beside(wide[:, :, 1:, :-2])
        return self.above(wide[:, :, :-1]), v


class GatedBlock(nn.Module):
    """A block of one stream: x (B, C, H, W) to the same. State: "enter" and "leave", its convolutions'."""

    def __init__(self, channels: int, stream: Stream, skipped: int, condition_channels: int, dropout: float) -> None:
        super().__init__()
        self.enter = ShiftedConv(2 * channels, channels, stream)
        self.skip = NormedConv(2 * skipped, channels, (1, 1)) if skipped else None
        self.dropout = Dropout(dropout)
        self.leave = ShiftedConv(2 * channels, 2 * channels, stream, start=QUIET)
        self.condition = nn.Conv2d(condition_channels, 2 * channels, 1, bias=False) if condition_channels else None

    def init_state(self, batch_size: int, width: int) -> State:
        return {"enter": self.enter.init_state(batch_size, width), "leave": self.leave.init_state(batch_size, width)}

    def forward(self, x: Tensor, skip: Tensor | None, y: Tensor | None, state: State | None) -> tuple[Tensor, State]:
        made, enter = self.enter.rows(concat_elu(x), state and state["enter"])
        if self.skip is not None and skip is not None:
            made = made + self.skip(concat_elu(skip))
        made, leave = self.leave.rows(self.dropout(concat_elu(made)), state and state["leave"])
        if self.condition is not None and y is not None:
            made = made + self.condition(y)
        filtered, gate = made.chunk(2, dim=1)
        return x + filtered * torch.sigmoid(gate), {"enter": enter, "leave": leave}


class Pair(nn.Module):
    """A block of u, then one of v, which reads it. On the way up both read `skips`, those of the way down, too."""

    def __init__(self, config: Any, is_up: bool, condition_channels: int) -> None:
        super().__init__()
        channels = config.channels
        sizes = (channels, 2 * channels) if is_up else (0, channels)
        self.u = GatedBlock(channels, "down", sizes[0], condition_channels, config.dropout)
        self.v = GatedBlock(channels, "right", sizes[1], condition_channels, config.dropout)

    def init_state(self, batch_size: int, width: int) -> State:
        return {"u": self.u.init_state(batch_size, width), "v": self.v.init_state(batch_size, width)}

    def forward(
        self, pair: Streams, skips: Streams | None, conditions: Conditions, state: State | None
    ) -> tuple[Streams, State]:
        u, kept_u = self.u(pair[0], skips and skips[0], conditions[0], state and state["u"])
        beside = u if skips is None else torch.cat([u, skips[1]], dim=1)
        v, kept_v = self.v(pair[1], beside, conditions[1], state and state["v"])
        return (u, v), {"u": kept_u, "v": kept_v}


class Level(nn.Module):
    """Blocks at one resolution, around those at half of it.

    State: "down" and "up", the blocks'; and around a level: "shrink_u", "shrink_v"; "inner"; and "grow_u" and "grow_v"
    with "last" (B, C, W / 2), the last whole row of that level, which serves two rows here.
    """

    def __init__(self, config: Any, num_inner: int, condition_channels: int) -> None:
        super().__init__()
        channels, blocks = config.channels, config.num_blocks
        self.down: Any = nn.ModuleList(Pair(config, False, condition_channels) for _ in range(blocks))
        self.inner: Level | None = None
        if num_inner:
            self.shrink_u = ShiftedConv(channels, channels, "down", stride=2)
            self.shrink_v = ShiftedConv(channels, channels, "right", stride=2)
            self.inner = Level(config, num_inner - 1, condition_channels)
            self.grow_u, self.grow_v = GrownConv(channels, channels, "down"), GrownConv(channels, channels, "right")
        num_up = blocks + 1 if num_inner else blocks
        self.up: Any = nn.ModuleList(Pair(config, True, condition_channels) for _ in range(num_up))
        self.channels = channels

    def init_state(self, batch_size: int, width: int) -> State:
        parts = {"down": self.down, "up": self.up}
        made: State = {
            name: {str(number): pair.init_state(batch_size, width) for number, pair in enumerate(pairs)}
            for name, pairs in parts.items()
        }
        if self.inner is not None:
            last = self.shrink_u.direction.new_zeros(batch_size, self.channels, width // 2)
            made |= {name: getattr(self, name).init_state(batch_size, width) for name in ("shrink_u", "shrink_v")}
            made |= {"inner": self.inner.init_state(batch_size, width // 2)}
            made |= {"grow_u": {"last": last}, "grow_v": {"last": last.clone()}}
        return made

    def forward(
        self, pair: Streams, conditions: Conditions, state: State | None, row: Tensor | None
    ) -> tuple[Streams, State]:
        """Both streams (B, C, H, W) to the same, and the state after these rows.

        Args:
            state: after the rows above, for a single row; without one, these are the first rows of an image.
            row: (B,), the number of that row.
        """
        skips: list[Streams] = [pair]
        after: State = {"down": {}, "up": {}}
        for number, block in enumerate(self.down):
            name = str(number)
            pair, after["down"][name] = block(pair, None, conditions, state and state["down"][name])
            skips.append(pair)
        if self.inner is None:
            pair = skips.pop()
        else:
            pair, kept = self._halved(self.inner, pair, conditions, state, row)
            after |= kept
        for number, block in enumerate(self.up):
            name = str(number)
            pair, after["up"][name] = block(pair, skips.pop(), conditions, state and state["up"][name])
        return pair, after

    def _halved(
        self, inner: "Level", pair: Streams, conditions: Conditions, state: State | None, row: Tensor | None
    ) -> tuple[Streams, State]:
        """The level of half the resolution, and back: of a single row, it is made anew in even rows only."""
        u, shrunk_u = self.shrink_u.rows(pair[0], state and state["shrink_u"])
        v, shrunk_v = self.shrink_v.rows(pair[1], state and state["shrink_v"])
        halved = tuple(None if y is None else y[:, :, ::2, ::2] for y in conditions)
        half = None if row is None else row // 2
        (u, v), kept = inner((u, v), halved, state and state["inner"], half)
        if state is None or row is None:
            height = pair[0].shape[2]
            return (self.grow_u(u)[:, :, :height], self.grow_v(v)[:, :, :height]), {}
        even = row % 2 == 0
        kept = states.where(even, kept, state["inner"])
        u = states.where(even, u[:, :, 0], state["grow_u"]["last"])
        v = states.where(even, v[:, :, 0], state["grow_v"]["last"])
        grown = tuple(
            states.where(even, both[:, :, :1], both[:, :, 1:])
            for both in (self.grow_u(u[:, :, None]), self.grow_v(v[:, :, None]))
        )
        after = {"inner": kept, "grow_u": {"last": u}, "grow_v": {"last": v}}
        return (grown[0], grown[1]), {"shrink_u": shrunk_u, "shrink_v": shrunk_v, **after}
