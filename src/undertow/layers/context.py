"""The context module: dilated convolutions that see far to every side and keep the resolution (arXiv 1511.07122, §3-4).

It is not causal: an output sees as much before its step as behind it, or to every side of its pixel.

B batch, T time, H rows, W columns, C channels.
"""

from itertools import accumulate
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from undertow.config import Width, config
from undertow.errors import UsageError

DILATIONS = (1, 1, 2, 4, 8, 16, 1)
LARGE = (2, 2, 4, 8, 16, 32, 32, 1)  # times C, after each layer
MOST_LAYERS = 64


class ContextModule(nn.Module):
    """Maps (B, T, C) to (B, T, C), or (B, H, W, C) to the same: convolutions of 3 taps a side, then one of 1.

    A ReLU follows all but the last. Zeros lie around the input. At the start it returns an input without negative
    values as it is: the middle tap joins equal channels, and biases are 0. In the large form, where channels are
    copied, the middle tap between copies of one channel is C / C', C' the layer's outputs. The other taps are small
    noise, so that the copies learn different things: what it adds for one copy of a channel, it subtracts for another.

    Args:
        channels: C.
        dims: 1 for sequences, 2 for images.

    Attributes:
        receptive_fields: steps, or pixels a side, that an output of each layer sees.
        receptive_field: the last of them.
    """

    @config
    class Config:
        """The module's layers.

        Attributes:
            size: "basic", C channels everywhere; or "large", 2, 2, 4, 8, 16, 32 and 32 times C.
            dilations: distance between the taps of each layer; all 1 is plain convolution of the same size.
            padding: "each", zeros around the input of every layer; or "once", zeros around the module's input alone.
            noise: standard deviation of the large form's other taps at the start, as a share of its middle taps.
        """

        size: Literal["basic", "large"] = "basic"
        dilations: Annotated[tuple[Width, ...], Field(min_length=1, max_length=MOST_LAYERS)] = DILATIONS
        padding: Literal["each", "once"] = "each"
        noise: Annotated[float, Field(ge=0, lt=1)] = 0.01

        def __post_init__(self) -> None:
            if self.size == "large" and len(self.dilations) != len(LARGE) - 1:
                raise UsageError(f"dilations: the large module has {len(LARGE) - 1}, not {len(self.dilations)}")

    def __init__(self, config: Config, channels: int, dims: int) -> None:
        super().__init__()
        assert dims in (1, 2)
        self.config, self.dims = config, dims
        reach = list(accumulate(config.dilations))
        self.receptive_fields = (*(1 + 2 * steps for steps in reach), 1 + 2 * reach[-1])
        self.receptive_field = self.receptive_fields[-1]
        widths = LARGE if config.size == "large" else (1,) * (len(config.dilations) + 1)
        make: Any = nn.Conv1d if dims == 1 else nn.Conv2d
        self.layers = nn.ModuleList()
        before = channels
        for dilation, width in zip((*config.dilations, 0), widths, strict=True):
            taps, after = (3 if dilation else 1), width * channels
            padding = dilation if config.padding == "each" else 0
            layer = make(before, after, taps, padding=padding, dilation=max(1, dilation))
            _start(layer, channels, config.noise)
            self.layers.append(layer)
            before = after

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map a batch; with lengths (B,), what lies behind a sequence's end is not seen, and 0 in the output."""
        present = None if lengths is None else steps_present(x, lengths)
        x = torch.movedim(masked(x, present), -1, 1)  # (B, C, T) or (B, C, H, W)
        each = None if present is None or self.config.padding == "once" else torch.movedim(present, -1, 1)
        if self.config.padding == "once":
            around = self.receptive_field // 2
            x = nn.functional.pad(x, (around, around) * self.dims)
        for layer in self.layers[:-1]:
            x = masked(layer(x).relu(), each)
        return masked(torch.movedim(self.layers[-1](x), 1, -1), present)


def steps_present(x: Tensor, lengths: Tensor) -> Tensor:
    """(B, T, 1) bool: the steps of (B, T, C) before each row's end."""
    return (torch.arange(x.shape[1], device=x.device) < lengths[:, None])[..., None]


def masked(x: Tensor, present: Tensor | None) -> Tensor:
    """x, with 0 where it is not present, even in place of NaN."""
    return x if present is None else torch.where(present, x, 0.0)


@torch.no_grad()
def _start(layer: Any, channels: int, noise: float) -> None:
    """The weights with which a layer passes its input on (§4, equations 4 and 5)."""
    after, before = layer.weight.shape[:2]
    tap = channels / after
    copies = before // channels
    taken, given = (torch.arange(count) * channels // count for count in (before, after))
    same = given[:, None] == taken  # (after, before): which copies are of one channel
    middle = tuple(size // 2 for size in layer.weight.shape[2:])
    layer.bias.zero_()
    layer.weight.zero_()
    if copies > 1 and noise:
        one, other = layer.weight.view(after, channels, 2, copies // 2, -1).unbind(2)
        other.copy_(-one.normal_(std=noise * tap))
        layer.weight[(slice(None), slice(None), *middle)].masked_fill_(same, 0.0)
    layer.weight[(slice(None), slice(None), *middle)] += tap * same
