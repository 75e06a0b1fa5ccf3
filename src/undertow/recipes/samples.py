"""Samples of a model in training: a few files at each validation.

B rows, T samples, F frames, M features a frame.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from undertow.config import MOST_ROWS, Count, Natural, NonNegative, Positive, config
from undertow.data.clips import ClipSet
from undertow.data.features import build
from undertow.decoding import translate
from undertow.emissions import Sampling
from undertow.generation import generate
from undertow.media import Medium
from undertow.models import Model
from undertow.representation.extract import frames_of

FOLDER = "samples"
MAKERS = frozenset({"generate", "translate", "reconstruct"})  # abilities of models that make samples
Maker = Callable[[Any], Sequence[Any]]  # called with a model, gives samples


@config
class Samples:
    """What to generate at each validation.

    Attributes:
        count: number of sequences, or of sentences to translate; 0 for none.
        seconds: length of each, for sound.
        num_steps: length of each, if steps are not timed; images are always whole.
        temperature: temperature of the draws.
    """

    count: Annotated[Natural, Field(le=MOST_ROWS)] = 0
    seconds: Positive = 1.0
    num_steps: Count = 256
    temperature: NonNegative = 1.0


class SampleWriter:
    """Calling it with a model and the step writes `out/samples/step-N/1.wav` and so on."""

    def __init__(self, make: Maker, medium: Medium, out: Path) -> None:
        self.make, self.medium, self.out = make, medium, out

    def __call__(self, model: Model, step: int) -> None:
        folder = self.out / FOLDER / f"step-{step}"
        for index, real in enumerate(self.make(model), start=1):
            self.medium.write(folder / f"{index}{self.medium.suffixes[0]}", real)


def like_clips(settings: Samples, clips: ClipSet) -> Maker:
    """Sounds with the labels and features of some held-out clips; with features, no longer than these clips.

    An autoencoder draws the beginnings of these clips again, from their latents.
    """
    places = np.linspace(0, len(clips) - 1, settings.count).round().astype(int)
    chosen = [clips[int(place)] for place in places]

    def make(model: Any) -> list[np.ndarray]:
        drawn = model.decoder if "reconstruct" in model.abilities else model
        conditioner = drawn.config.conditioner
        frames = None if drawn is model else [frames_of(model, clip, model.best_point) for clip in chosen]
        generated = generate(
            drawn,
            seconds=settings.seconds,
            count=len(chosen),
            labels={name: [clip.labels.get(name) for clip in chosen] for name in conditioner.labels},
            features=_features(chosen, conditioner.features, settings.seconds * clips.sample_rate, frames),
            sampling=Sampling(temperature=settings.temperature),
        )
        if conditioner.features is None:
            return list(generated.real)
        return [wave[: len(clip)] for wave, clip in zip(generated.real, chosen, strict=True)]

    return make


def of_length(settings: Samples, medium: Medium) -> Maker:
    """Sequences whose steps are not timed: whole images, or the set length, at most the network's `max_length`."""
    wanted = medium.whole_steps or settings.num_steps

    def make(model: Any) -> Sequence[Any]:
        limit = model.max_length
        num_steps = wanted if limit is None else min(wanted, limit)
        sampling = Sampling(temperature=settings.temperature)
        return list(generate(model, num_steps=num_steps, count=settings.count, sampling=sampling).real)

    return make


def translations(texts: Sequence[str]) -> Maker:
    """Each text, and its translation below it."""

    def make(model: Any) -> list[str]:
        return [f"{text}\n{found}\n" for text, found in zip(texts, translate(model, texts).texts, strict=True)]

    return make


def _features(
    clips: Sequence[Any], settings: Any, num_samples: float, known: Sequence[np.ndarray] | None
) -> np.ndarray | None:
    """Frames (B, F, M) of the clips' beginnings, computed or known; a clip that ends earlier repeats its last frame."""
    if settings is None:
        return None
    num_frames = -(-round(num_samples) // settings.hop_length)
    each = [build(settings).blocks(clip) for clip in clips] if known is None else [[one] for one in known]
    frames = [_beginning(blocks, num_frames) for blocks in each]
    return np.stack([np.pad(one, ((0, num_frames - len(one)), (0, 0)), mode="edge") for one in frames])


def _beginning(blocks: Iterable[np.ndarray], num_frames: int) -> np.ndarray:
    """The first frames of blocks (F, M); no block after them is computed."""
    found, count = [], 0
    for block in blocks:
        found.append(block)
        count += len(block)
        if count >= num_frames:
            break
    return np.concatenate(found)[:num_frames]
