"""What draws the sound of a voice's frames: its own decoder, or a vocoder."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np

from undertow.checkpoint import AnyModel, model_given
from undertow.errors import UsageError
from undertow.generation.labels import labels_for
from undertow.generation.sounding import Sounding, Voice
from undertow.models.speaking import Speaks


@runtime_checkable
class Draws(Protocol):
    """Draws waves (T,) of frames (F, C) that come in blocks.

    Attributes:
        hop: samples a frame.
        engine: that draws.
        notes: for the user.
    """

    hop: int
    engine: str
    notes: tuple[str, ...]

    def play(self, blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Waves (T,) float32 in [-1, 1], one after another."""
        ...


def drawing_of(model: Speaks, vocoder: AnyModel | None, voice: Voice) -> Draws:
    """What draws the sound of a model's frames.

    Args:
        vocoder: a model conditioned on such frames, or its folder, for a model that has no decoder of its own.

    Raises:
        UsageError: a vocoder is given and not needed, or is needed and not given, or reads other frames.
    """
    if model.decoder is not None:
        if vocoder is not None:
            raise UsageError("this voice draws its sound itself; leave the vocoder out")
        return Sounding(model.decoder, voice)
    if vocoder is None:
        raise UsageError("this voice plans mel frames, which a vocoder makes sound: give its folder (--vocoder)")
    drawer: Any = model_given(vocoder, "generate")
    wanted, reads = model.needs.features, drawer.needs.features
    if wanted != reads:
        raise UsageError(f"the vocoder reads {_frames(reads)}, but the voice plans {_frames(wanted)}")
    own = voice.labels if isinstance(voice.labels, dict) else {}
    labels, _ = labels_for(drawer.needs.classes, None, own)
    given = Voice(labels=labels, sampling=voice.sampling, seed=voice.seed, engine=voice.engine, threads=voice.threads)
    return Sounding(drawer, given)


def _frames(features: Any) -> str:
    return "no frames" if features is None else f"{features.kind} frames of {features.num_channels} channels"
