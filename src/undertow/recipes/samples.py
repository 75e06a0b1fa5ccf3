"""What a model in training sounds like: a few files at each validation.

B rows, T samples, F frames, M features a frame.
"""

from pathlib import Path

import numpy as np

from undertow.data.audio import write_audio
from undertow.data.clips import Clip, ClipSet
from undertow.data.features import extract
from undertow.emissions import Sampling
from undertow.generation import generate
from undertow.models import Autoregressive, Model
from undertow.recipes.recipe import Samples

FOLDER = "samples"


class SampleWriter:
    """Called with a model and the step at each validation: writes `out/samples/step-N/1.wav` and so on.

    Each sample has the labels, and where the model takes them the features, of a held-out clip.
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
        for index, wave in enumerate(generated.real, start=1):
            write_audio(folder / f"{index}.wav", wave, self.sample_rate)

    def _features(self, model: Autoregressive) -> np.ndarray | None:
        """(B, F, M) of the clips' beginnings."""
        settings = model.config.conditioner.features
        if settings is None:
            return None
        num_samples = round(self.settings.seconds * self.sample_rate)
        return np.stack([extract(settings, _beginning(clip, num_samples)) for clip in self.clips])


def _beginning(clip: Clip, num_samples: int) -> np.ndarray:
    """(T,) float wave: the clip's first samples, then silence."""
    wave = clip.samples[:num_samples]
    return np.pad(wave, (0, num_samples - len(wave)))
