"""Gated PixelCNN (van den Oord et al., Conditional Image Generation with PixelCNN Decoders, arXiv 1606.05328).

    a_l = K_l * v_(l-1)                              vertical: rows up to its own, to both sides; first: of the values
    v_l = tanh(a_l + V y) ⊙ σ(a_l + V y)             half of the channels each
    b_l = k_l * h_(l-1) + N_l a_l[the row above]     horizontal: the pixels to the left; the first, without itself
    h_l = h_(l-1) + R_l tanh(b_l + U y) ⊙ σ(b_l + U y)                       the first without h_(l-1)
    parameters of x = W_2 relu(W_1 relu(h_L))

There is no blind spot: a pixel sees all pixels above within the reach of the vertical stack, and all to its left.

A vertical layer reads pixels to the right in its own row, which are not known yet when this row is reached step by
step. So each is some steps late, and the link reads its values a whole row back, where all of them are there: L layers
need a row of more than about L · ⌊k / 2⌋ pixels.

B batch, T steps, p channels, P parameters of the output distribution, Y condition channels.
"""

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from undertow.alphabets.pixels import Shape
from undertow.batch import Condition
from undertow.config import Depth, Width, config
from undertow.errors import UsageError
from undertow.layers import Block, CausalConv1d, InputKind, Raster, RasterConv, Serial, before, by_place
from undertow.networks.pixelcnn import KernelSize, ReLU
from undertow.networks.raster_network import RasterNetwork, conditioned
from undertow.state import State


class GatedLayer(nn.Module):
    """The vertical stream v, `late` steps late, and the horizontal stream h, each (B, T, p), to the next ones.

    State: "vertical", "link" and "horizontal", those of its convolutions.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        kernel_size: int,
        raster: Raster,
        condition_channels: int,
        late: int,
        is_first: bool,
        is_last: bool,
    ) -> None:
        super().__init__()
        half, wide, ahead = kernel_size // 2, 2 * channels, -_lateness(kernel_size, raster)
        self.is_first = is_first
        self.late = late - ahead
        above = Block(0, half - is_first, -half, half)
        self.vertical = RasterConv(in_channels, wide, raster, [above], late=late, ahead=ahead)
        self.link = RasterConv(wide, wide, raster, [Block(1, 1, 0, 0)], late=self.late, ahead=self.late, bias=False)
        own, now = ("before", 1) if is_first else ("upto", 0)
        horizontal: Any = own
        self.horizontal = RasterConv(in_channels, wide, raster, before(kernel_size), horizontal, late=now, ahead=now)
        self.vertical_condition = None if is_last else conditioned(condition_channels, wide)
        self.horizontal_condition = conditioned(condition_channels, wide)
        self.residual = CausalConv1d(channels, channels)

    def at_places(self, v: Tensor, h: Tensor, y: Tensor | None) -> tuple[Tensor, Tensor]:
        """`step` of all places at once, both streams (B, P, p) by place; y (B, T or 1, Y) is of the steps."""
        a = self.vertical.at_places(v)
        late = y
        if y is not None and y.shape[1] > 1:
            late, y = (by_place(y, moved, v.shape[1]) for moved in (self.late, 0))
        return self._join(a, self.link.at_places(a), self.horizontal.at_places(h), h, late, y)

    def init_state(self, batch_size: int) -> State:
        parts = {"vertical": self.vertical, "link": self.link, "horizontal": self.horizontal}
        return {name: part.init_state(batch_size) for name, part in parts.items()}

    def step(self, v: Tensor, h: Tensor, state: State, y: Tensor | None) -> tuple[Tensor, Tensor, State]:
        a, vertical = self.vertical.step(v, state["vertical"])
        linked, link = self.link.step(a, state["link"])
        b, horizontal = self.horizontal.step(h, state["horizontal"])
        v, h = self._join(a, linked, b, h, y, y)
        return v, h, {"vertical": vertical, "link": link, "horizontal": horizontal}

    def _join(
        self, a: Tensor, linked: Tensor, b: Tensor, h: Tensor, late: Tensor | None, y: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        v = _gate(a, self.vertical_condition, late)
        made = self.residual(_gate(b + linked, self.horizontal_condition, y))
        return v, made if self.is_first else h + made


def _gate(x: Tensor, condition: CausalConv1d | None, y: Tensor | None) -> Tensor:
    filtered, gate = (x if condition is None else x + condition(y)).chunk(2, dim=-1)
    return torch.tanh(filtered) * torch.sigmoid(gate)


class GatedPixelCNN(RasterNetwork):
    """(B, T) symbols, or (B, T, C) values, to (B, T, P) parameters of the next one in raster order.

    State: "layers", each layer's by its number.
    """

    @config
    class Config:
        """Shape of the network.

        Attributes:
            shape: (rows, columns, channels) of an image; by default those of the alphabet.
            input: "scalar", the brightness; "embedding", a vector for each symbol.
            first_kernel_size, kernel_size: sides of the first layer's square of taps, and of the others'.
            channels: p, of each stream.
            num_layers: gated layers, the first one included.
            head_channels: width between the head's two 1×1 convolutions; 2p when not given.
        """

        kind: Literal["gated_pixelcnn"] = "gated_pixelcnn"
        shape: Shape | None = None
        input: InputKind = "scalar"
        embedding_channels: Width = 16
        first_kernel_size: KernelSize = 7
        kernel_size: KernelSize = 3
        channels: Width = 32
        num_layers: Depth = 8
        head_channels: Width | None = None

    def __init__(
        self, config: Config, num_symbols: int, num_params: int, condition_channels: int = 0, in_channels: int = 1
    ) -> None:
        super().__init__(config, in_channels)
        self.input, width = self.make_input(num_symbols, in_channels)
        sizes = [config.first_kernel_size, *[config.kernel_size] * (config.num_layers - 1)]
        _check_reach(sizes, self.raster)
        made: list[GatedLayer] = []
        for size in sizes:
            late = made[-1].late if made else 1
            ends = {"is_first": not made, "is_last": len(made) == len(sizes) - 1}
            made.append(GatedLayer(width, config.channels, size, self.raster, condition_channels, late, **ends))
            width = config.channels
        self.layers: Any = nn.ModuleList(made)
        head = config.head_channels or 2 * config.channels
        self.head = Serial(ReLU(), CausalConv1d(config.channels, head), ReLU(), CausalConv1d(head, num_params))
        reach = sum(size // 2 for size in sizes)
        self.receptive_field = self.field_of(reach, reach)

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        v = h = by_place(self.input(x), 1, self.raster.whole(x.shape[1]))
        for layer in self.layers:
            v, h = layer.at_places(v, h, condition.aligned)
        return self.leave(h[:, : x.shape[1]])

    def init_state(self, batch_size: int, condition: Condition) -> State:
        return {"layers": {str(number): layer.init_state(batch_size) for number, layer in enumerate(self.layers)}}

    def step_hidden(self, x: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        v = h = self.input(x)
        after = {}
        for number, layer in enumerate(self.layers):
            v, h, after[str(number)] = layer.step(v, h, state["layers"][str(number)], condition.aligned)
        return h, {"layers": after}


def _lateness(kernel_size: int, raster: Raster) -> int:
    """Steps from a value to the last one of the pixel as far to the right as a kernel reads."""
    return (kernel_size // 2 + 1) * raster.channels - 1


def _check_reach(sizes: Sequence[int], raster: Raster) -> None:
    """Refuse layers that together are later than a row is long.

    Raises:
        UsageError: they are.
    """
    needed = 1 + sum(_lateness(size, raster) for size in sizes) + raster.channels - 1
    if needed > raster.row_steps:
        raise UsageError(
            f"images of {raster.width} columns are too narrow for num_layers {len(sizes)} with these kernels: the "
            f"vertical stack needs {-(-needed // raster.channels)} columns; take fewer layers or smaller kernels"
        )
