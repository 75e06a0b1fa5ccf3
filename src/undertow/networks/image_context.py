"""A label for every pixel: a front end, and a context module over its maps (arXiv 1511.07122).

B batch, H rows, W columns, C channels of an image, P outputs of a pixel, s stride of the front end.
"""

from typing import Annotated, Any, Literal

import torch.nn.functional as F
from torch import Tensor, nn

from undertow.config import choice, config
from undertow.layers import ContextModule
from undertow.networks.front_ends import FRONT_ENDS, FrontEnd, enlarged
from undertow.networks.labeller import Labeller

FrontEndConfig = Annotated[Any, choice(FRONT_ENDS)]


class ImageContext(Labeller):
    """The front end's features become P maps, the context module reads and returns P maps, and they are enlarged by s.

    The module begins as the identity on maps without negative values. So each pixel's smallest map is subtracted before
    it, which changes no softmax: at the start, each class has the probability that the front end alone gives it.
    Images are extended by reflection to a multiple of s.
    """

    dims = 2

    @config
    class Config:
        """The parts.

        Attributes:
            front: the front end.
            context: the context module; None: the front end alone.
        """

        kind: Literal["image_context"] = "image_context"
        front: FrontEndConfig
        context: ContextModule.Config | None = None

    def __init__(self, config: Config, num_outputs: int, in_channels: int) -> None:
        super().__init__()
        self.config = config
        self.front: FrontEnd = FRONT_ENDS[config.front.kind](config.front, in_channels)
        self.stride = self.front.stride
        self.scores = nn.Conv2d(self.front.channels, num_outputs, 1)
        self.context = None if config.context is None else ContextModule(config.context, num_outputs, dims=2)
        self.receptive_field = self._field()

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(B, H, W, C) of values from 0 to 1 to (B, H, W, P)."""
        height, width = x.shape[1:3]
        maps = self.scores(self.front(extended(x.movedim(-1, 1), self.stride)))
        if self.context is not None:
            maps = maps - maps.amin(dim=1, keepdim=True)
            maps = self.context(maps.movedim(1, -1)).movedim(-1, 1)
        return enlarged(maps, self.stride)[:, :, :height, :width].movedim(1, -1)

    @property
    def output(self) -> nn.Module:
        return self.scores

    def _field(self) -> int | None:
        """Of the pixel that sees farthest to a side: interpolation takes it to the map's next pixel."""
        if self.front.reach is None:
            return None
        context = 0 if self.context is None else self.context.receptive_field // 2
        between = self.stride + self.stride // 2 - 1 if self.stride > 1 else 0
        return 1 + 2 * (self.front.reach + self.stride * context + between)


def extended(x: Tensor, stride: int) -> Tensor:
    """Images (B, C, H, W) with rows and columns up to a multiple of the stride, by reflection where they suffice."""
    below, right = -x.shape[2] % stride, -x.shape[3] % stride
    if not below and not right:
        return x
    mode = "reflect" if below < x.shape[2] and right < x.shape[3] else "replicate"
    return F.pad(x, (0, right, 0, below), mode=mode)
