"""Sounds between two sounds: their latents mixed, and each mixture drawn.

T samples, N mixtures, L latents, D channels of a latent.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from undertow.arguments import check, checked
from undertow.callbacks import OnProgress
from undertow.checkpoint import AnyModel, model_given
from undertow.config import check_whole
from undertow.data.audio import write_audio
from undertow.data.clips import Clip
from undertow.errors import counted
from undertow.generation.ancestral import generate
from undertow.generation.labels import Labels, labels_for
from undertow.media.sound_clip import Given, read_sound
from undertow.options import PLAIN, Draw, Sampling
from undertow.reconstruction.latents import latents_of

MOST_STEPS = 1000


@dataclass(frozen=True, eq=False)
class Interpolation:
    """Sounds from one to another.

    Attributes:
        shares: (N,) of the second sound in each mixture, from 0 to 1.
        latents: (N, L, D).
        waves: (N, T) float32 in [-1, 1].
        sample_rate: Hz.
        engine: that drew them.
        seconds: that it took to draw them.
        notes: for the user.
    """

    shares: np.ndarray
    latents: np.ndarray
    waves: np.ndarray
    sample_rate: int
    engine: str
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def wave(self) -> np.ndarray:
        """(N·T,) float32: the sounds one after another."""
        return self.waves.reshape(-1)

    def save(self, out: str | Path) -> Path:
        """Write the sounds, one after another, to one file, and return its path; an existing file is replaced.

        Raises:
            UsageError: the suffix is not .wav, .flac or .mp3.
            DataError: it cannot be written.
        """
        check("out", out, str | Path)
        write_audio(out, self.wave, self.sample_rate)
        return Path(out)


@checked
def interpolate(
    model: AnyModel,
    one: Given,
    other: Given,
    *,
    steps: int = 5,
    labels: Labels = None,
    sampling: Sampling = PLAIN,
    seed: int = 0,
    engine: str = "auto",
    threads: int | None = None,
    progress: OnProgress | None = None,
) -> Interpolation:
    """Mix the latents of two sounds in equal steps, and draw each mixture: the first and the last are the sounds.

    Latents are mixed time by time, (1 - s) · a + s · b; vectors of codes too, though a mixture of two is no code. The
    longer sound is cut to the length of the shorter.

    Args:
        model: an autoencoder, or the folder of a checkpoint or of a run.
        one, other: files, `Audio`s, or float waves (T,) in [-1, 1] at the model's rate.
        steps: N, sounds in all.
        labels: of all of them, such as "pitch=60"; labels that are not given are left open.
        sampling, seed, engine, threads, progress: as for `undertow.generate`.

    Raises:
        UsageError: the model cannot reconstruct, or an option is wrong.
        DataError: a sound cannot be used, or the model does not know a label.
    """
    check_whole("steps", steps, 2, MOST_STEPS)
    ready = model_given(model, "reconstruct")
    read = [read_sound(sound, ready.needs.sample_rate) for sound in (one, other)]
    chosen, left = labels_for(ready.decoder.config.conditioner.labels, labels, {})
    length = min(len(clip) for clip, _ in read)
    cut = [clip.name for clip, _ in read if len(clip) > length]
    notes = [note for _, more in read for note in more] + [f"{name} cut to {counted(length, 'sample')}" for name in cut]
    ends = [latents_of(ready, Clip(clip.name, clip.wave[:length])) for clip, _ in read]
    shares = np.linspace(0, 1, steps, dtype=np.float32)
    latents = (1 - shares[:, None, None]) * ends[0] + shares[:, None, None] * ends[1]
    made = generate(
        ready.decoder,
        features=latents,
        labels=chosen,
        draw=Draw(num_steps=length, count=steps, sampling=sampling, seed=seed, engine=engine, threads=threads),
        progress=progress,
    )
    return Interpolation(
        shares=shares,
        latents=latents,
        waves=made.real,
        sample_rate=ready.needs.sample_rate,
        engine=made.engine,
        seconds=made.seconds,
        notes=tuple(dict.fromkeys([*notes, *left, *made.notes])),
    )
