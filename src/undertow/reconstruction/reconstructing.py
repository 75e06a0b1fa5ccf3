"""Encode a sound and draw it again from its latents, with its own labels or with others.

T samples, L latents, D channels of a latent.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from undertow.arguments import checked
from undertow.callbacks import OnProgress
from undertow.checkpoint import AnyModel, model_given
from undertow.data.audio import to_int16
from undertow.data.catalogue import cache_folder
from undertow.data.clips import Clip
from undertow.data.spool import Spool
from undertow.evaluation.log_spectral import log_spectral_distance
from undertow.generation.drawn import Drawn
from undertow.generation.labels import Labels, labels_for
from undertow.generation.sounding import Sounding, Voice, watched
from undertow.media.sound_clip import Given, read_sound
from undertow.options import PLAIN, Sampling, check_keys
from undertow.reconstruction.latents import Sent, latents_of, sent


@dataclass(frozen=True, eq=False)
class Reconstruction(Drawn):
    """A sound, and the same drawn again from its latents.

    Attributes:
        name: of the sound.
        original, drawn: (T,) int16.
        sample_rate: Hz.
        labels: that it was drawn with.
        sent: what its latents cost to send.
        log_spectral_distance: of the two, in dB; see `undertow.evaluation.log_spectral`.
        engine: that drew it.
        seconds: that it took.
        notes: for the user, on changes to the sound, labels and the engine.
    """

    name: str
    original: np.ndarray
    drawn: np.ndarray
    sample_rate: int
    labels: Mapping[str, str]
    sent: Sent
    log_spectral_distance: float
    engine: str
    seconds: float
    notes: tuple[str, ...] = field(default=())

    @property
    def bits_per_second(self) -> float:
        """What the latents of a second cost to send."""
        return self.sent.bits_per_second


@checked
def reconstruct(
    model: AnyModel,
    sound: Given,
    *,
    labels: Labels = None,
    sampling: Sampling = PLAIN,
    seed: int = 0,
    engine: str = "auto",
    threads: int | None = None,
    progress: OnProgress | None = None,
) -> Reconstruction:
    """Encode a sound of any length and draw it again from its latents. Another label gives another voice or pitch.

    The encoder reads a long sound in blocks, and what is drawn is kept in a file if it is long, so that only the
    latents grow with its length.

    Args:
        model: an autoencoder, or the folder of a checkpoint or of a run.
        sound: a file, an `Audio`, or a float wave (T,) in [-1, 1] at the model's rate.
        labels: "theo", "speaker=theo", or {"speaker": "theo"}; labels that are not given are left open.
        sampling: temperature and the like.
        seed: of the noise.
        engine, threads: as for `undertow.generate`.
        progress: called now and then with the samples drawn and the samples in all.

    Raises:
        UsageError: the model cannot reconstruct, or an option is wrong.
        DataError: the sound cannot be used, or the model does not know a label.
    """
    check_keys([seed], [])
    ready = model_given(model, "reconstruct")
    clip, notes = read_sound(sound, ready.needs.sample_rate)
    voice = Voice(labels=labels, sampling=sampling, seed=seed, engine=engine, threads=threads)
    return drawn_again(ready, clip, voice, notes, progress)


def drawn_again(
    model: Any, clip: Clip, voice: Voice, notes: tuple[str, ...] = (), progress: OnProgress | None = None
) -> Reconstruction:
    """The reconstruction of a clip at the model's rate, with its own labels where `voice` has none."""
    began = time.perf_counter()
    labels, left = labels_for(model.decoder.config.conditioner.labels, voice.labels, clip.labels)
    sounding = Sounding(
        model.decoder,
        Voice(
            labels=labels,
            sampling=voice.sampling,
            seed=voice.seed,
            engine=voice.engine,
            threads=voice.threads,
        ),
    )
    latents = latents_of(model, clip)
    with Spool(cache_folder() / "waves") as spool:
        parts = watched(sounding.play([latents], len(clip)), len(clip), progress)
        drawn = spool.wave(spool.keep(map(to_int16, parts)))
    return Reconstruction(
        name=clip.name,
        original=clip.wave,
        drawn=drawn,
        sample_rate=model.needs.sample_rate,
        labels=labels,
        sent=sent(model),
        log_spectral_distance=log_spectral_distance(clip.wave, drawn, model.needs.sample_rate),
        engine=sounding.engine,
        seconds=time.perf_counter() - began,
        notes=tuple(dict.fromkeys([*notes, *left, *sounding.notes])),
    )
