"""An image in, numbers for every pixel out: a convolution, the context module at full resolution, and the change to the
input (dense regression, such as denoising; arXiv 1511.07122, §3 has the module).

B batch, H rows, W columns, C channels of an image, P outputs of a pixel.
"""

from typing import Literal

from pydantic import Field
from torch import Tensor, nn

from undertow.config import Width, config
from undertow.layers import ContextModule
from undertow.networks.labeller import Labeller


class ContextFilter(Labeller):
    """3 × 3 pixels to channels, a ReLU, the context module over the channels, and 1 × 1 to P outputs.

    If P is C, the outputs are added to the input; the last layer begins at 0, so the filter begins as the identity.
    """

    dims = 2

    @config
    class Config:
        """The parts.

        Attributes:
            channels: of the context module.
            context: the module.
        """

        kind: Literal["context_filter"] = "context_filter"
        channels: Width = 16
        context: ContextModule.Config = Field(default_factory=ContextModule.Config)

    def __init__(self, config: Config, num_outputs: int, in_channels: int) -> None:
        super().__init__()
        self.config, self.adds = config, num_outputs == in_channels
        self.first = nn.Conv2d(in_channels, config.channels, 3, padding=1)
        self.context = ContextModule(config.context, config.channels, dims=2)
        self.last = nn.Conv2d(config.channels, num_outputs, 1)
        for parameter in self.last.parameters():
            nn.init.zeros_(parameter)
        self.receptive_field = self.context.receptive_field + 2

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(B, H, W, C) to (B, H, W, P)."""
        hidden = self.first(x.movedim(-1, 1)).relu()
        found = self.last(self.context(hidden.movedim(1, -1)).relu().movedim(-1, 1)).movedim(1, -1)
        return x + found if self.adds else found

    @property
    def output(self) -> nn.Module:
        return self.last
