"""A sound as the latents of an autoencoder, and what they cost to send.

T samples, L latents, D channels of a latent.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from undertow.data.clips import Clip
from undertow.data.folder import Item
from undertow.media.sound_clip import read_sound
from undertow.representation.sources import ModelFrames

LATENTS = "p_bn"  # the point of an autoencoder whose frames its decoder reads
FLOAT_BITS = 32


@dataclass(frozen=True)
class Sent:
    """What the latents of a second of sound cost to send.

    Attributes:
        bits_per_second: of the codes, each as a whole number, nothing too where latents may be left out; of floats,
            in 32 bits each.
        words: how it is counted.
    """

    bits_per_second: float
    words: str


def read_item(item: Item, sample_rate: int) -> tuple[Clip, tuple[str, ...]]:
    """A file of a folder as a clip with its labels; see `undertow.media.sound_clip.read_sound`."""
    clip, notes = read_sound(item.path, sample_rate)
    return Clip(item.name, clip.wave, item.labels), notes


def latents_of(model: Any, clip: Clip) -> np.ndarray:
    """(L, D) float32: what the model's decoder reads of a clip, L = ceil(T / hop)."""
    return ModelFrames(model, LATENTS).of_clip(clip)


def sent(model: Any) -> Sent:
    """What a second of the model's latents costs to send, without a coder."""
    point = model.points[LATENTS]
    rate = model.needs.sample_rate / point.hop
    if point.num_codes:
        bits = rate * sum(math.log2(number) for number in point.num_codes)
        codes = " + ".join(f"log2({number})" for number in point.num_codes)
        return Sent(bits, f"{rate:g} latents a second of {codes} bits")
    return Sent(
        rate * FLOAT_BITS * point.channels, f"{rate:g} latents a second of {point.channels} floats of {FLOAT_BITS} bits"
    )
