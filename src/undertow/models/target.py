"""The target of an encoder–decoder: symbols and an end symbol, or frames with a flag at the last.

B batch, T target steps, N symbols of the target's alphabet, M channels of a frame, P parameters.
"""

import math
from abc import ABC, abstractmethod
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from undertow import emissions
from undertow.alphabets import Alphabet
from undertow.batch import Batch
from undertow.emissions import FRAME_EMISSIONS, Emission, FrameEmission
from undertow.errors import UsageError
from undertow.models.loss import Loss, mean_loss
from undertow.networks import InputShape


class Target(ABC):
    """How steps of a target are read, scored and ended.

    Attributes:
        emission: the distribution of a step.
        shape: the shape of the decoder's input at each step.
    """

    emission: Emission | FrameEmission
    shape: InputShape

    @abstractmethod
    def past(self, steps: Tensor) -> Tensor:
        """The start, then steps (B, T, …): T + 1 steps."""

    @abstractmethod
    def inputs(self, steps: Tensor, dtype: torch.dtype) -> Tensor:
        """The decoder's input for steps (B, T, …); floats in `dtype`."""

    @abstractmethod
    def is_end(self, steps: Tensor) -> Tensor:
        """Which steps (B, T, …) are a target's last: (B, T) bool."""

    @abstractmethod
    def loss(self, params: Tensor, batch: Batch, smoothing: float) -> Loss:
        """The mean over the counted steps of a batch, given the parameters (B, T, P).

        Args:
            smoothing: share of probability to spread evenly over all symbols.
        """

    @abstractmethod
    def loss_text(self, loss: float) -> str:
        """A loss in words."""


class SymbolTarget(Target):
    """Symbols (B, T), ended by the end symbol N; the start symbol N + 1 comes first."""

    def __init__(self, alphabet: Alphabet, config: Any) -> None:
        self.end_symbol, self.unit = alphabet.num_symbols, alphabet.unit
        self.emission = emissions.build(config, self.end_symbol + 1)
        self.shape = InputShape(num_symbols=self.end_symbol + 1)

    def past(self, steps: Tensor) -> Tensor:
        start = steps.new_full((len(steps), 1), self.end_symbol + 1)
        return torch.cat([start, steps], dim=1)

    def inputs(self, steps: Tensor, dtype: torch.dtype) -> Tensor:
        return steps

    def is_end(self, steps: Tensor) -> Tensor:
        return steps == self.end_symbol

    def loss(self, params: Tensor, batch: Batch, smoothing: float) -> Loss:
        params, symbols = params.flatten(0, 1), batch.symbols.flatten()
        params = params.to(torch.promote_types(params.dtype, torch.float32))
        nats = F.cross_entropy(params, symbols, reduction="none", label_smoothing=smoothing)
        return mean_loss(torch.where(batch.counted.flatten(), nats, 0.0).sum(), batch.counted)

    def loss_text(self, loss: float) -> str:
        return f"{loss:.4f} nats/{self.unit}, perplexity {math.exp(min(loss, 700)):.2f}"


class FrameTarget(Target):
    """Frames with flags (B, T, M + 1); a frame of zeros comes first. The decoder does not read the flags."""

    emission: FrameEmission

    def __init__(self, alphabet: Alphabet, config: Any) -> None:
        assert alphabet.num_elements is not None
        self.unit = alphabet.unit
        self.emission = FRAME_EMISSIONS[config.kind](config, alphabet.num_elements)
        self.shape = InputShape(channels=alphabet.num_elements)

    def past(self, steps: Tensor) -> Tensor:
        return F.pad(steps, (0, 0, 1, 0))

    def inputs(self, steps: Tensor, dtype: torch.dtype) -> Tensor:
        return steps[..., :-1].to(dtype)

    def is_end(self, steps: Tensor) -> Tensor:
        return steps[..., -1] > 0.5

    def loss(self, params: Tensor, batch: Batch, smoothing: float) -> Loss:
        """The figures are the two parts of the loss: the frames' (a density) and the flags'."""
        parts = self.emission.log_probs(params, batch.symbols)
        frames, flags = (-torch.where(batch.counted, part, 0.0).sum() for part in parts)
        return mean_loss(frames + flags, batch.counted, {"frame_nats": frames, "stop_nats": flags})

    def loss_text(self, loss: float) -> str:
        return f"{loss:.4f} nats/{self.unit} (density)"


def make_target(alphabet: Alphabet, config: Any) -> Target:
    """The target of an alphabet and an emission's config.

    Raises:
        UsageError: the emission is for frames and the alphabet of symbols, or the other way round.
    """
    of_frames = config.kind in FRAME_EMISSIONS
    if of_frames == bool(alphabet.num_symbols):
        wanted = "an alphabet of numbers" if of_frames else f"emission {' or '.join(FRAME_EMISSIONS)}"
        steps = "frames" if of_frames else "symbols"
        raise UsageError(f"emission '{config.kind}' is for {steps}, but the target's alphabet is not; use {wanted}")
    return FrameTarget(alphabet, config) if of_frames else SymbolTarget(alphabet, config)
