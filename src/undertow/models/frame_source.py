"""Frames of sound as an encoder reads them: standardised, and in training with hidden parts.

B batch, S steps, C channels.
"""

import torch
from torch import Tensor, nn

from undertow.config import Probability, config
from undertow.networks.encoder_decoder import within

EPSILON = 1e-2  # smallest standard deviation: keeps near-constant channels, in silence, small
NUM_BANDS, NUM_STRETCHES = 2, 1  # to hide


class FrameSource(nn.Module):
    """Standardise frames (B, S, C) of lengths (B,): each channel of a row gets mean 0 and standard deviation 1.

    This removes loudness, microphone and room, in training and afterwards. Padding is zero.
    """

    @config
    class Config:
        """Augmentation of frames in training, so that a model does not memorise its few speakers.

        Attributes:
            hidden: set random bands of channels and a stretch of time to the mean, each at most this share wide
                (SpecAugment, Park et al., arXiv 1904.08779).
            stretched: stretch or shrink the channel axis by up to this share, as a shorter or longer vocal tract does
                with formants (vocal tract length perturbation, Jaitly and Hinton, 2013).
        """

        hidden: Probability = 0.0
        stretched: Probability = 0.0

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config

    def forward(self, frames: Tensor, lengths: Tensor) -> Tensor:
        if self.training and self.config.stretched:
            frames = _stretched(frames, self.config.stretched)
        inside = within(lengths, frames.shape[1])[..., None]
        frames = _standardised(frames, inside, lengths)
        if self.training and self.config.hidden:
            frames = _hidden(frames, lengths, self.config.hidden)
        return frames


def _standardised(frames: Tensor, inside: Tensor, lengths: Tensor) -> Tensor:
    number = lengths[:, None, None].to(frames.dtype)
    frames = torch.where(inside, frames, 0.0)
    frames = torch.where(inside, frames - frames.sum(dim=1, keepdim=True) / number, 0.0)
    deviation = (frames.square().sum(dim=1, keepdim=True) / number).sqrt()
    return frames / (deviation + EPSILON)


def _stretched(frames: Tensor, most: float) -> Tensor:
    """Each row's channels, read by linear interpolation at places 1 ± up to `most` apart."""
    factor = 1 + most * (2 * torch.rand(len(frames), 1, device=frames.device) - 1)
    last = frames.shape[2] - 1
    place = (torch.arange(last + 1, device=frames.device) * factor).clamp(max=last)
    below = place.floor().long()
    share = (place - below)[:, None].to(frames.dtype)

    def read(channels: Tensor) -> Tensor:
        return frames.gather(2, channels[:, None].expand_as(frames))

    return read(below) * (1 - share) + read((below + 1).clamp(max=last)) * share


def _hidden(frames: Tensor, lengths: Tensor, share: float) -> Tensor:
    steps = torch.arange(frames.shape[1], device=frames.device)
    channels = torch.arange(frames.shape[2], device=frames.device)
    for _ in range(NUM_STRETCHES):
        frames = frames.masked_fill(_somewhere(steps, lengths, share)[:, :, None], 0.0)
    for _ in range(NUM_BANDS):
        everywhere = torch.full_like(lengths, frames.shape[2])
        frames = frames.masked_fill(_somewhere(channels, everywhere, share)[:, None], 0.0)
    return frames


def _somewhere(places: Tensor, lengths: Tensor, share: float) -> Tensor:
    """A random stretch of each row's places, at most a share of its length long: (B, places) bool."""
    length, start = torch.rand(2, len(lengths), 1, device=lengths.device)
    length = length * share * lengths[:, None]
    start = start * (lengths[:, None] - length)
    return (places >= start) & (places < start + length)
