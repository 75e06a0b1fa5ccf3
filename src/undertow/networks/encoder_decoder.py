"""The contract of an encoder–decoder: what reads a source as a whole, and the network that then writes step by step.

B batch, S source steps, M memory steps, C channels, T target steps, P parameters.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from undertow.batch import Condition
from undertow.layers import Inputs
from undertow.networks.network import Network


class InputShape(NamedTuple):
    """What an encoder or a decoder is given at each step: one of `num_symbols` symbols, or `channels` floats.

    One more symbol ends a source, or starts a target.
    """

    num_symbols: int = 0
    channels: int = 0

    def inputs(self, channels: int) -> Inputs:
        """What makes vectors (B, S, channels) of the steps."""
        return Inputs("embedding" if self.num_symbols else "scalar", self.num_symbols, self.channels, channels)


class Encoder(nn.Module, ABC):
    """A source (B, S) int64, or (B, S, C) floats, and its lengths (B,) to a memory (B, M, C) and its lengths (B,).

    It sees all of a row in both directions, and nothing behind the row's length: padding changes nothing. The memory is
    zero behind its own lengths.

    Attributes:
        input: what makes vectors (B, S, C) of a source's steps, before anything else is done to them.
        max_length: steps of a source it can be given, its end among them; None when any number.
    """

    input: Inputs
    max_length: int | None = None

    @abstractmethod
    def forward(self, source: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Read whole sources."""


class EncoderDecoder(nn.Module, ABC):
    """An encoder, and a decoder that reads the encoder's memory from its condition and keeps it in its state.

    A class of them is called with (config, source, target, num_params). The target's symbols have the end symbol among
    them, and a decoder's last input is the start symbol, `num_symbols`; before frames stands a frame of zeros.

    Attributes:
        attends: whether the decoder attends to the memory, so that `attended` says where to.
        memory_channels: width of the memory; of those that attend.
    """

    config: Any
    encoder: Encoder
    decoder: Network
    attends: ClassVar[bool] = False
    memory_channels: int

    @staticmethod
    def completed(values: dict[str, Any], ratio: float, offset: float) -> dict[str, Any]:
        """A config's values, completed from the training pairs where they are not given.

        Nearly all targets have at most ratio · |s| + offset steps, |s| those of their source, ends counted on both
        sides. Most networks need no such length, and the values are given back as they are.
        """
        return values

    def encode(self, source: Tensor, lengths: Tensor) -> Condition:
        """The condition that a source makes for the decoder."""
        memory, memory_lengths = self.encoder(source, lengths)
        return Condition(memory=memory, memory_lengths=memory_lengths)

    def alignment(self, x: Tensor, condition: Condition) -> Tensor | None:
        """How much each decoder step (B, T) attends to each memory step: (B, T, M); None where nothing attends."""
        return None

    def attended(self, x: Tensor, condition: Condition) -> tuple[Tensor, list[Tensor]]:
        """Parameters (B, T, P) of a whole target, and how its steps attend to the memory in each layer that does, the
        last one last: (B, heads, T, M), rows summing to one. Gradients flow through both.
        """
        raise NotImplementedError(f"{type(self).__name__} does not attend")


def within(lengths: Tensor, num_steps: int) -> Tensor:
    """Which steps lie within rows of these lengths (B,): (B, num_steps) bool."""
    return torch.arange(num_steps, device=lengths.device) < lengths[:, None]


def cleared(source: Tensor, lengths: Tensor) -> Tensor:
    """Frames (B, S, C) with zeros behind each row's length (B,), even where no number was; symbols as they are."""
    if not source.is_floating_point():
        return source
    return torch.where(within(lengths, source.shape[1])[..., None], source, 0.0)


def reverse_rows(x: Tensor, lengths: Tensor) -> Tensor:
    """Each row of x (B, S, C) from its own end, at its length (B,), to its beginning; what is behind stays there."""
    steps = torch.arange(x.shape[1], device=lengths.device).expand(len(x), -1)
    turned = torch.where(within(lengths, x.shape[1]), lengths[:, None] - 1 - steps, steps)
    return x.gather(1, turned[:, :, None].expand_as(x))
