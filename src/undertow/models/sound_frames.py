"""Sound as an encoder reads it: its wave or frames of features, each channel with the same mean and scale for all.

B batch, T samples, F frames, C channels.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from undertow.alphabets import Alphabet
from undertow.batch import Batch
from undertow.data.told import Told
from undertow.errors import DataError, UsageError
from undertow.models.completing import refuse_source, section, with_alphabet, with_rate
from undertow.networks.encoder_decoder import within

LEAST = 1e-5  # of a deviation: a channel that never changes stays as it is


class SoundFrames(nn.Module):
    """A batch of sound to frames (B, F, C) and their number in each row (B,); behind a row's end there are zeros.

    Each channel's mean and standard deviation over the first batch of training become 0 and 1; they are buffers.

    Attributes:
        hop: samples a frame; 1 for the wave.
        channels: C; 1 for the wave.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, features: Any, alphabet: Alphabet) -> None:
        super().__init__()
        self.features, self.alphabet = features, alphabet
        self.hop: int = 1 if features is None else features.hop_length
        self.channels: int = 1 if features is None else features.num_channels
        self.register_buffer("mean", torch.zeros(self.channels))
        self.register_buffer("deviation", torch.ones(self.channels))

    def begin(self, batch: Batch) -> None:
        """Take the statistics of a first batch."""
        frames, lengths = self._raw(batch)
        there = frames[within(lengths, frames.shape[1])].double()
        if len(there):
            self.mean.copy_(there.mean(dim=0))
            deviation = there.std(dim=0, correction=0)
            self.deviation.copy_(torch.where(deviation > LEAST, deviation, 1.0))

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        frames, lengths = self._raw(batch)
        inside = within(lengths, frames.shape[1])[..., None]
        return torch.where(inside, (frames - self.mean) / self.deviation, 0.0), lengths

    def _raw(self, batch: Batch) -> tuple[Tensor, Tensor]:
        steps = row_lengths(batch.counted)
        if self.features is None:
            return self.alphabet.to_scalar(batch.symbols).to(self.mean.dtype)[..., None], steps
        if batch.features is None:
            raise DataError(f"'{batch.names[0] if batch.names else 'the batch'}' has no frames of {self.features.kind}")
        num_frames = -(-batch.symbols.shape[1] // self.hop)
        return batch.features[:, :num_frames].to(self.mean.dtype), -(-steps // self.hop)


def row_lengths(counted: Tensor) -> Tensor:
    """The steps (B,) of rows that end with their last counted one, (B, T) bool."""
    return (counted * torch.arange(1, counted.shape[1] + 1, device=counted.device)).amax(dim=1)


def counted_latents(counted: Tensor, hop: int) -> Tensor:
    """The latents (B, ⌈T/hop⌉) with a sample that counts, from (B, T) bool."""
    samples = nn.functional.pad(counted, (0, -counted.shape[1] % hop))
    return samples.unflatten(1, (-1, hop)).any(dim=2)


def of_sound(values: Mapping[str, Any], told: Told) -> dict[str, Any]:
    """A recipe's model of sound, with the sample rate of its data and, if it gives no alphabet, 16-bit samples.

    Raises:
        UsageError: the data is not sound, or has sources.
    """
    refuse_source(values, told)
    if told.real != "sound":
        raise UsageError(f"a model of kind {values.get('kind')} needs sound, but the data is {told.real}")
    made = with_rate(with_alphabet({"alphabet": {"kind": "linear_pcm"}, **values}, told), told)
    if features := section(values, "features"):
        if told.sample_rate is None and "sample_rate" not in features:
            raise UsageError("a model with features needs a sample rate: set data.sample_rate")
        made["features"] = {"sample_rate": told.sample_rate, **features}
    return made
