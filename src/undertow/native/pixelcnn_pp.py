"""PixelCNN++ written as the engine's ops: u goes through whole rows as they begin, v pixel by pixel.

Each has a clock of its own at each resolution. `row` makes u's from the steps, and `shrink` those of half the
resolution; `unrow` gives v what u has in its column. So each value is made once for each pixel, as in a pass over the
whole image.

O output channels, k taps, I input channels, C channels, Y condition channels.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from undertow.layers import Embedding
from undertow.layers.shifted_conv import PADDING, ConcatELU, GrownConv, NormedConv, NormedOutput, Stream
from undertow.layers.two_streams import Edge, GatedBlock, Level, Pair
from undertow.native.builder import SYMBOLS, Builder, Values
from undertow.native.format import NONE, Activation
from undertow.native.taps import Taps
from undertow.networks import Network, PixelCNNpp

Pixel = tuple[int, int]  # rows up, columns to the right
Streams = tuple[int, int]  # values of u and of v
STREAMS: tuple[Stream, Stream] = "down", "right"  # as which u and v see


class Raster(NamedTuple):
    """One resolution: the pixels of a row, and the condition of u's and of v's pixels, one value each or none."""

    width: int
    known: tuple[Values, Values]


def _pixelcnn_pp(build: Builder, network: PixelCNNpp, x: Values, condition: Values) -> Values:
    name, width = build.modules[network], network.raster.width
    pixels = _pixels(build, network, x)
    above = build.row(f"{name}.above", pixels, width)
    known: tuple[Values, Values] = (), ()
    if condition:
        known = (_above(build, f"{name}.known", condition, width, build.values[above].domain),), condition
    streams = _edge(build, network.edge, above, pixels, width)
    _, v = _level(build, network.level, streams, Raster(width, known))
    return build.layer(network.head, (v,))


def _pixels(build: Builder, network: PixelCNNpp, x: Values) -> int:
    """Pixels as the network reads them, and a channel of ones, which is 0 where there is no image."""
    if x == SYMBOLS:
        table = cast(Embedding, network.input).table.weight
        return build.embed(build.modules[network.input], torch.cat([table, torch.ones(len(table), 1)], dim=1))
    channels = build.channels(x[0])
    weight, bias = torch.zeros(channels + 1, 1, channels), torch.ones(channels + 1)
    weight[:-1, 0], bias[:-1] = 2 * torch.eye(channels), -1.0
    return build.conv(f"{build.modules[network]}.pixels", weight, bias, x)


def _above(build: Builder, name: str, condition: Values, width: int, domain: int) -> int:
    """What is known of the row above, as `row` reads pixels: a step late."""
    channels = sum(build.channels(value) for value in condition)
    late = build.conv(f"{name}.late", torch.eye(channels)[:, None], None, condition, Taps((1,)))
    return build.row(f"{name}.above", late, width, domain)


def _edge(build: Builder, edge: Edge, above: int, pixels: int, width: int) -> Streams:
    """The first convolutions, of pixels to u and v."""
    name = build.modules[edge]
    u = _conv(build, f"{name}.above", edge.above, "down", above, width)
    over, beside = edge.over.kernel(), edge.beside.kernel()
    up, own = beside.unbind(2)
    left, middle, right = over[:, :, 0].unbind(2)
    weight = torch.stack([left + up[..., 0], middle, right, own[..., 0]], dim=1)
    seen = [(1, -1), (1, 0), (1, 1), (0, -1)]
    bias = edge.over.bias + edge.beside.bias
    return u, _raster_conv(build, f"{name}.beside", weight, bias, pixels, width, seen, ahead=1)


def _level(build: Builder, level: Level, streams: Streams, raster: Raster) -> Streams:
    skips = [streams]
    for block in level.down:
        streams = _pair(build, block, streams, None, raster)
        skips.append(streams)
    streams = skips.pop() if level.inner is None else _halved(build, level, level.inner, streams, raster)
    for block in level.up:
        streams = _pair(build, block, streams, skips.pop(), raster)
    return streams


def _halved(build: Builder, level: Level, inner: Level, streams: Streams, raster: Raster) -> Streams:
    """The level of half the resolution, and back."""
    width = raster.width
    shrunk, known = list[int](), list[Values]()
    for conv, stream, value, seen in zip((level.shrink_u, level.shrink_v), STREAMS, streams, raster.known, strict=True):
        name = build.modules[conv]
        made = build.shrink(f"{name}.half", _conv(build, name, conv, stream, value, width), width)
        domain = build.values[made].domain
        shrunk.append(made)
        known.append(tuple(build.shrink(f"{name}.known", one, width, domain) for one in seen))
    u, v = _level(build, inner, (shrunk[0], shrunk[1]), Raster(width // 2, (known[0], known[1])))
    return _grown(build, level.grow_u, "down", u, width), _grown(build, level.grow_v, "right", v, width)


def _grown(build: Builder, conv: GrownConv, stream: Stream, value: int, width: int) -> int:
    """Of each pixel the four that it grows to; in u, those in odd columns see the next pixel, too."""
    name, kernel = build.modules[conv], conv.kernel()
    skipped = PADDING[stream][1]
    own = torch.cat([kernel[:, :, row, skipped + column] for row in range(2) for column in range(2)])
    pixels, weights = [(0, 0)], [own]
    if skipped:
        none = torch.zeros_like(kernel[:, :, 0, 0])
        pixels.append((0, 1))
        weights.append(torch.cat([part for row in range(2) for part in (none, kernel[:, :, row, 0])]))
    weight, bias = torch.stack(weights, dim=1), conv.bias.repeat(4)
    made = _raster_conv(build, name, weight, bias, value, width // 2, pixels)
    return build.grow(f"{name}.pixels", made, width)


def _pair(build: Builder, pair: Pair, streams: Streams, skips: Streams | None, raster: Raster) -> Streams:
    u = _block(build, pair.u, "down", streams[0], () if skips is None else (skips[0],), raster.known[0], raster.width)
    beside = build.unrow(f"{build.modules[pair.v]}.beside", u, raster.width, build.values[streams[1]].domain)
    seen = (beside,) if skips is None else (beside, skips[1])
    return u, _block(build, pair.v, "right", streams[1], seen, raster.known[1], raster.width)


def _block(build: Builder, block: GatedBlock, stream: Stream, x: int, skips: Values, known: Values, width: int) -> int:
    name = build.modules[block]
    said = seen = NONE
    if block.condition is not None and known:
        said = build.conv(f"{name}.condition", block.condition.weight[:, :, 0].transpose(1, 2), None, known)
    if block.skip is not None:
        # In torch all values come first, then all negatives; here each value is beside its own.
        signs = block.skip.kernel()[:, :, 0, 0].unflatten(1, (2, len(skips), -1))
        both = tuple(build.concat_elu(f"{name}.skip.elu.{number}", skip) for number, skip in enumerate(skips))
        seen = build.conv(f"{name}.skip", signs.transpose(1, 2).flatten(1)[:, None], block.skip.bias, both)
    made = _conv(build, f"{name}.enter", block.enter, stream, build.concat_elu(f"{name}.elu", x), width, add=seen)
    entered = build.concat_elu(f"{name}.entered", made)
    gated = _conv(build, f"{name}.leave", block.leave, stream, entered, width, add=said, activation=Activation.GLU)
    return build.add(name, gated, x)


def _conv(build: Builder, name: str, conv: NormedConv, stream: Stream, value: int, width: int, **more: Any) -> int:
    """A shifted convolution of the row above and a pixel's own."""
    left, right = PADDING[stream]
    pixels = [(up, column) for up in (1, 0) for column in range(-left, right + 1)]
    weight = conv.kernel().flatten(2).transpose(1, 2)
    return _raster_conv(build, name, weight, conv.bias, value, width, pixels, **more)


def _raster_conv(
    build: Builder,
    name: str,
    weight: Tensor,
    bias: Tensor,
    value: int,
    width: int,
    pixels: list[Pixel],
    ahead: int = 0,
    **more: Any,
) -> int:
    """A convolution (O, k, I) that sees such pixels, of what is so many steps late."""
    there = [abs(column) < width for _, column in pixels]
    seen = [pixel for pixel, is_there in zip(pixels, there, strict=True) if is_there]
    lags = tuple(up * width - column - ahead for up, column in seen)
    taps = Taps(lags, width, late=ahead, ahead=ahead, columns=tuple(column for _, column in seen))
    return build.conv(name, weight[:, there], bias, (value,), taps, **more)


def _output(build: Builder, layer: NormedOutput, x: Values) -> Values:
    return (build.conv(build.modules[layer.conv], layer.conv.kernel()[:, :, 0].transpose(1, 2), layer.conv.bias, x),)


def _concat_elu(build: Builder, layer: ConcatELU, x: Values) -> Values:
    (value,) = x
    return (build.concat_elu(build.modules[layer], value),)


NETWORKS: dict[type[Network], Callable[..., Values]] = {PixelCNNpp: _pixelcnn_pp}

LAYERS: dict[type[nn.Module], Callable[..., Values]] = {ConcatELU: _concat_elu, NormedOutput: _output}
