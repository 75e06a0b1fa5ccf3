"""What all networks of images have in common: the raster they read, and its period."""

from dataclasses import replace
from typing import Any

from torch import nn

from undertow.errors import UsageError
from undertow.layers import CausalConv1d, Embedding, Raster, StatelessLayer, Values
from undertow.networks.network import Network


class RasterNetwork(Network):
    """A network over the values of an image in raster order.

    Its first input, the start symbol, stands for nothing: there is no pixel before the first. An image may have any
    number of rows; only their width is fixed.

    Args:
        config: with `shape`, and with `input`: "embedding" or "scalar".
        in_channels: values of a step; where they are a pixel's, its channels do not follow one another.

    Raises:
        UsageError: the config has no shape.
    """

    of_images = True
    ignored = 1

    def __init__(self, config: Any, in_channels: int) -> None:
        super().__init__()
        if config.shape is None:
            raise UsageError(
                f"network.shape is missing: a {config.kind} reads images of (rows, columns, channels); give it, or "
                "the alphabet's shape"
            )
        self.config = config
        self.takes_symbols = config.input == "embedding"
        _, width, channels = config.shape
        self.raster = Raster(width, channels if in_channels == 1 else 1)
        self.period = self.raster.row_steps

    def make_input(self, num_symbols: int, in_channels: int) -> tuple[StatelessLayer, int]:
        """The layer that reads symbols or values, and its channels."""
        if self.takes_symbols:
            return Embedding(num_symbols, self.config.embedding_channels), self.config.embedding_channels
        return Values(), in_channels

    def field_of(self, rows: int, columns: int) -> int:
        """Steps to the pixel so many rows up and columns to the left, as far as the image goes."""
        width, channels = self.raster
        return rows * self.raster.row_steps + min(width - 1, columns) * channels + channels - 1

    @property
    def output(self) -> nn.Module:
        return self.head.layers[-1]


def with_shape(config: Any, shape: tuple[int, int, int] | None) -> Any:
    """The config with the shape of the images, where it has none of its own.

    Raises:
        UsageError: it has another width or number of channels.
    """
    if shape is None:
        return config
    if config.shape is not None and config.shape[1:] != shape[1:]:
        raise UsageError(f"network.shape is {config.shape}, but the images have {shape}; leave it out")
    return replace(config, shape=shape)


def conditioned(channels: int, out_channels: int) -> CausalConv1d | None:
    """A product with the condition of each step; None without one."""
    return CausalConv1d(channels, out_channels, bias=False) if channels else None
