"""What a model in training generates: a few files at each validation.

B rows, T samples, F frames, M features a frame.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from undertow.config import config
from undertow.data.audio import write_audio
from undertow.data.clips import ClipSet
from undertow.data.features import build
from undertow.data.rolls import write_roll
from undertow.emissions import Sampling
from undertow.files import atomic_write
from undertow.generation import generate, translate
from undertow.models import Autoregressive, Model, Seq2Seq

FOLDER = "samples"


@config
class Samples:
    """What is generated at each validation.

    Attributes:
        count: sequences, or sentences to translate; 0 for none.
        seconds: length of each, of sound.
        num_steps: length of each, where steps have no clock.
        temperature: of the draws.
    """

    count: Annotated[int, Field(ge=0)] = 0
    seconds: Annotated[float, Field(gt=0)] = 1.0
    num_steps: Annotated[int, Field(ge=1)] = 256
    temperature: Annotated[float, Field(ge=0)] = 1.0


class SampleWriter:
    """Called with a model and the step at each validation: writes `out/samples/step-N/1.wav` and so on.

    Each sample has the labels of a held-out clip; where the model takes features, it has those too and is no longer.
    """

    def __init__(self, settings: Samples, clips: ClipSet, out: Path) -> None:
        self.settings, self.out, self.sample_rate = settings, out, clips.sample_rate
        places = np.linspace(0, len(clips) - 1, settings.count).round().astype(int)
        self.clips = [clips[int(place)] for place in places]

    def __call__(self, model: Model, step: int) -> None:
        assert isinstance(model, Autoregressive)
        generated = generate(
            model,
            seconds=self.settings.seconds,
            count=len(self.clips),
            labels={name: [clip.labels.get(name) for clip in self.clips] for name in model.config.conditioner.labels},
            features=self._features(model),
            sampling=Sampling(temperature=self.settings.temperature),
        )
        folder = self.out / FOLDER / f"step-{step}"
        featured = model.config.conditioner.features is not None
        for index, (wave, clip) in enumerate(zip(generated.real, self.clips, strict=True), start=1):
            write_audio(folder / f"{index}.wav", wave[: len(clip)] if featured else wave, self.sample_rate)

    def _features(self, model: Autoregressive) -> np.ndarray | None:
        """(B, F, M) of the clips' beginnings; past a clip's end its last frame is repeated."""
        settings = model.config.conditioner.features
        if settings is None:
            return None
        num_frames = -(-round(self.settings.seconds * self.sample_rate) // settings.hop_length)
        frames = [build(settings).of_clip(clip)[:num_frames] for clip in self.clips]
        return np.stack([np.pad(one, ((0, num_frames - len(one)), (0, 0)), mode="edge") for one in frames])


class TranslationWriter:
    """Called with a model and the step at each validation: writes `out/samples/step-N/1.txt` and so on.

    Each has a text of the data and, below it, what the model makes of it.
    """

    def __init__(self, texts: Sequence[str], out: Path) -> None:
        self.texts, self.out = texts, out

    def __call__(self, model: Model, step: int) -> None:
        assert isinstance(model, Seq2Seq)
        folder = self.out / FOLDER / f"step-{step}"
        for index, (text, found) in enumerate(
            zip(self.texts, translate(model, self.texts).texts, strict=True), start=1
        ):
            with atomic_write(folder / f"{index}.txt") as temporary:
                temporary.write_text(f"{text}\n{found}\n", encoding="utf-8", newline="")


class SequenceWriter:
    """Called with a model and the step at each validation: writes `out/samples/step-N/1.txt`, or `1.npz` of notes."""

    def __init__(self, settings: Samples, out: Path) -> None:
        self.settings, self.out = settings, out

    def __call__(self, model: Model, step: int) -> None:
        assert isinstance(model, Autoregressive)
        num_steps = self.settings.num_steps
        if model.network.max_length is not None:
            num_steps = min(num_steps, model.network.max_length)
        sampling = Sampling(temperature=self.settings.temperature)
        generated = generate(model, num_steps=num_steps, count=self.settings.count, sampling=sampling)
        folder = self.out / FOLDER / f"step-{step}"
        folder.mkdir(parents=True, exist_ok=True)
        for index, real in enumerate(generated.real, start=1):
            if isinstance(real, str):
                with atomic_write(folder / f"{index}.txt") as temporary:
                    temporary.write_text(real, encoding="utf-8", newline="")
            elif model.alphabet.real == "notes":
                write_roll(folder / f"{index}.npz", real)
