"""What draws the sound of a voice's frames: its own decoder, or a vocoder."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

import numpy as np

from undertow.checkpoint import AnyModel, model_given
from undertow.config import to_dict
from undertow.data.features import MelConfig
from undertow.errors import UsageError
from undertow.generation.labels import labels_for
from undertow.generation.sounding import Sounding, Voice
from undertow.models.speaking import Speaks
from undertow.options import PLAIN
from undertow.vocoding import griffin_lim


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
        vocoder: a model conditioned on such frames, or its folder, for a model that has no decoder of its own; None:
            mel frames become sound by Griffin and Lim's algorithm.

    Raises:
        UsageError: a vocoder is given and not needed, or it reads other frames.
    """
    if model.decoder is not None:
        if vocoder is not None:
            raise UsageError("this voice draws its sound itself; leave the vocoder out")
        return Sounding(model.decoder, voice)
    planned = model.needs.features
    if vocoder is None:
        if voice.engine != "auto" or voice.threads is not None or voice.sampling != PLAIN:
            raise UsageError(
                "without a vocoder nothing is drawn from a model: leave out engine, threads and sampling, or give a "
                "vocoder"
            )
        return Inverted(planned, voice.seed)
    drawer: Any = model_given(vocoder, "generate")
    reads = drawer.needs.features
    if planned != reads:
        others = [name for name, value in _settings(planned).items() if _settings(reads).get(name) != value]
        told, found = (_frames(one, others) for one in (reads, planned))
        raise UsageError(f"the vocoder reads {told}, but the voice plans {found}; they must be the same")
    own = voice.labels if isinstance(voice.labels, dict) else {}
    labels, left = labels_for(drawer.needs.classes, None, own)
    made = Sounding(drawer, replace(voice, labels=labels))
    made.notes = (*left, *made.notes)
    return made


class Inverted:
    """Sound of log mel frames without a model, by `undertow.vocoding.griffin_lim`, each block by itself.

    Args:
        features: the frames' `MelConfig`.
        seed: of the phases.
    """

    engine = "griffin-lim"
    notes: tuple[str, ...] = ("no vocoder was given: the sound is made by Griffin and Lim's algorithm",)

    def __init__(self, features: MelConfig, seed: int) -> None:
        self.hop, self._features, self._seed = features.hop_length, features, seed

    def play(self, blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        for number, block in enumerate(blocks):
            yield griffin_lim(block, self._features, seed=self._seed + number)


def _settings(features: Any) -> dict[str, Any]:
    return {"kind": "no"} if features is None else dict(to_dict(features))


def _frames(features: Any, others: Iterable[str]) -> str:
    """Features in words, with the settings in which they differ from others."""
    found = _settings(features)
    named = ", ".join(f"{name} {found[name]}" for name in others if name != "kind" and name in found)
    return f"{found['kind']} frames" + (f" with {named}" if named else "")
