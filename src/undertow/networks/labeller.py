"""The contract of a labeller: a map of whole sequences or images that gives an output at every step or pixel.

B batch, T time, H rows, W columns, C channels, P outputs.
"""

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor, nn


class Labeller(nn.Module, ABC):
    """(B, T, C) to (B, T, P), or (B, H, W, C) to (B, H, W, P). An output sees both sides, so there is no step.

    A labeller class is called with (config, num_outputs, in_channels), one of symbols (B, T) with their number in place
    of the channels. Rows are independent. What lies behind a row's end changes nothing, and outputs there are 0.

    Attributes:
        config: the pydantic dataclass it was built from.
        dims: 1 for sequences, 2 for images.
        receptive_field: steps, or pixels a side, around an output that it sees at most, as many to one side as to the
            other; None: all of them, or unknown.
        max_length: most steps of a sequence; None: any number.
    """

    config: Any
    dims: int
    receptive_field: int | None
    max_length: int | None = None

    @abstractmethod
    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Outputs for a batch; lengths (B,) are the steps of each sequence. Images of a batch have one size."""

    @property
    @abstractmethod
    def output(self) -> nn.Module:
        """The last layer with one row of weights for each output, which another set of labels does not take over."""
