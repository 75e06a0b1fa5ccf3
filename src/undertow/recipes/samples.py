"""What a model in training sounds like: a few files at each validation.

B rows, T samples, F frames, M features a frame.
"""

from pathlib import Path

import numpy as np

from undertow.data.audio import write_audio
from undertow.data.clips import ClipSet
from undertow.data.features import build
from undertow.emissions import Sampling
from undertow.generation import generate
from undertow.models import Autoregressive, Model
from undertow.recipes.recipe import Samples

FOLDER = "samples"


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
