"""Front ends: from an image to maps of features at a lower resolution, for dense prediction (arXiv 1511.07122, §5).

B batch, H rows, W columns, C channels of an image, F channels of features, s stride.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from undertow.config import Name, Number, Width, config
from undertow.errors import UsageError
from undertow.layers.pixel_norm import PixelNorm
from undertow.networks.imported import imported

Convolutions = Annotated[int, Field(ge=1, le=16)]


class FrontEnd(nn.Module, ABC):
    """Images (B, C, H, W) to (B, F, H / s, W / s), where H and W are multiples of s.

    Attributes:
        channels: F.
        stride: s.
        reach: pixels that a feature sees to each side of its own s × s, at most; None: unknown.
    """

    channels: int
    stride: int
    reach: int | None

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Features of images of values from 0 to 1."""


class VGG(FrontEnd):
    """Stages of convolutions of 3 × 3 pixels, as in VGG (arXiv 1409.1556), small.

    The first stages end in a pool of 2 × 2. In the others, dilation takes the place of the pools, so that their
    convolutions see as far and the resolution stays. Each pixel's channels are normalised after each convolution.
    """

    @config
    class Config:
        """The stages.

        Attributes:
            channels: of each stage.
            convolutions: in each stage.
            pools: how many of the stages end in a pool.
        """

        kind: Literal["vgg"] = "vgg"
        channels: Annotated[tuple[Width, ...], Field(min_length=1, max_length=8)] = (16, 32, 64, 96)
        convolutions: Annotated[tuple[Convolutions, ...], Field(min_length=1, max_length=8)] = (1, 1, 2, 2)
        pools: Annotated[int, Field(ge=0, le=6), Number] = 3

        def __post_init__(self) -> None:
            if len(self.channels) != len(self.convolutions) or self.pools > len(self.channels):
                raise UsageError(
                    f"channels, convolutions and pools are for {len(self.channels)}, {len(self.convolutions)} and "
                    f"{self.pools} stages; give channels and convolutions for each stage, and at most as many pools"
                )

    def __init__(self, config: Config, in_channels: int) -> None:
        super().__init__()
        self.channels, self.stride = config.channels[-1], 2**config.pools
        layers: list[nn.Module] = []
        before, jump, reach, dilation = in_channels, 1, 0, 1
        for stage, (channels, count) in enumerate(zip(config.channels, config.convolutions, strict=True)):
            for _ in range(count):
                layers += [nn.Conv2d(before, channels, 3, padding=dilation, dilation=dilation), PixelNorm(channels)]
                layers.append(nn.ReLU())
                reach += dilation * jump
                before = channels
            if stage < config.pools:
                layers.append(nn.MaxPool2d(2))
                jump *= 2
            else:
                dilation *= 2
        self.layers, self.reach = nn.Sequential(*layers), reach

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(2 * x - 1)


class ModuleFrontEnd(FrontEnd):
    """Any torch module that the user names by import path: called with images (B, C, H, W), it gives features.

    Its code runs, so a checkpoint that names one is loaded only with `allow_code`; see `undertow.networks.imported`.
    """

    @config
    class Config:
        """Where it is, and what it makes.

        Attributes:
            path: import path, "package.module:name"; the name's object is called, and gives a torch.nn.Module.
            arguments: what it is called with, by name.
            channels: of its features.
            stride: pixels of the image, a side, for one of its features.
            reach: pixels that a feature sees to each side of its own, at most; None: unknown, and no image is cut into
                tiles.
        """

        kind: Literal["module"] = "module"
        path: Name
        arguments: Mapping[str, Any] = Field(default_factory=dict)
        channels: Width
        stride: Annotated[int, Field(ge=1, le=128), Number] = 1
        reach: Annotated[int, Field(ge=0, le=2**16), Number] | None = None

    def __init__(self, config: Config, in_channels: int) -> None:
        super().__init__()
        self.config, self.channels, self.stride, self.reach = config, config.channels, config.stride, config.reach
        self.module = imported(config.path, config.arguments)

    def forward(self, x: Tensor) -> Tensor:
        found = self.module(x)
        expected = (len(x), self.channels, x.shape[2] // self.stride, x.shape[3] // self.stride)
        if not isinstance(found, Tensor) or found.shape != expected:
            shape = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
            raise UsageError(
                f"network.front: {self.config.path} gives {shape} for images {tuple(x.shape)}; with its channels and "
                f"stride it must be {expected}"
            )
        return found


FRONT_ENDS: dict[str, Any] = {"vgg": VGG, "module": ModuleFrontEnd}


def enlarged(x: Tensor, stride: int) -> Tensor:
    """Maps (B, F, H / s, W / s) at the size of the image, by linear interpolation."""
    return x if stride == 1 else F.interpolate(x, scale_factor=stride, mode="bilinear", align_corners=False)
