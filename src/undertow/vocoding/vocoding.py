"""The sound of a mel spectrum: of a recording's, of a file of frames, or of frames as they arrive.

T samples, F frames, M bands.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from undertow.arguments import checked
from undertow.callbacks import OnProgress
from undertow.checkpoint import AnyModel, model_given
from undertow.data import features as frame_features
from undertow.data.audio import Audio, to_int16
from undertow.data.catalogue import cache_folder
from undertow.data.clips import Clip
from undertow.data.frames import read_array
from undertow.data.mel_check import check_mel, described, raised
from undertow.data.spool import Spool
from undertow.errors import DataError, UsageError
from undertow.generation.drawn import Drawn
from undertow.generation.labels import Labels, labels_for
from undertow.generation.sounding import Sounding, Voice, watched
from undertow.media.sound import is_file_of_frames
from undertow.media.sound_clip import read_sound
from undertow.options import PLAIN, Sampling, check_keys

MelOrSound = str | Path | Audio | np.ndarray


@dataclass(frozen=True, eq=False)
class Vocoded(Drawn):
    """The sound of a mel spectrum.

    Attributes:
        name: of the spectrum, or of the sound that it was computed from.
        drawn: (T,) int16; T is that of the sound, or the frames' number times the hop.
        sample_rate: Hz.
        labels: that it was drawn with.
        engine: that drew it.
        seconds: that it took.
        notes: for the user, on changes to what was given, labels and the engine.
    """

    name: str
    drawn: np.ndarray
    sample_rate: int
    labels: dict[str, str]
    engine: str
    seconds: float
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, eq=False)
class Source:
    """Mel frames to draw, and what is known about them.

    Attributes:
        blocks: frames (F, M), checked, in blocks.
        num_samples: of the sound.
        labels: of the sound, where they are known.
        notes: on changes.
    """

    name: str
    blocks: Iterable[np.ndarray]
    num_samples: int
    labels: dict[str, str]
    notes: tuple[str, ...] = ()


@checked
def vocode(
    model: AnyModel,
    given: MelOrSound,
    *,
    labels: Labels = None,
    sampling: Sampling = PLAIN,
    seed: int = 0,
    engine: str = "auto",
    threads: int | None = None,
    progress: OnProgress | None = None,
) -> Vocoded:
    """Draw the sound of a mel spectrum of any length. Only the frames' memory grows with it.

    Frames from elsewhere are checked before anything is drawn; see `undertow.data.mel_check`.

    Args:
        model: a model conditioned on mel frames, or the folder of a checkpoint or of a run.
        given: a `.npy` file or an array of frames (F, M), (M, F) or (1, M, F); or a sound to compute them of: a file,
            an `Audio`, or a float wave (T,) in [-1, 1] at the model's rate.
        labels: "theo", "speaker=theo", or {"speaker": "theo"}; labels that are not given are left open.
        sampling: temperature and the like.
        seed: of the noise.
        engine, threads: as for `undertow.generate`.
        progress: called now and then with the samples drawn and the samples in all.

    Raises:
        UsageError: the model reads no mel frames, or an option is wrong.
        DataError: the frames are not this model's (the message names the likely cause), the sound cannot be used, or
            the model does not know a label.
    """
    check_keys([seed], [])
    ready = vocoder_given(model)
    voice = Voice(labels=labels, sampling=sampling, seed=seed, engine=engine, threads=threads)
    return drawn(ready, source_of(given, ready), voice, progress)


@checked
def stream_vocode(
    model: AnyModel,
    blocks: Iterable[Any],
    *,
    labels: Labels = None,
    sampling: Sampling = PLAIN,
    seed: int = 0,
    engine: str = "auto",
    threads: int | None = None,
) -> Iterator[np.ndarray]:
    """Draw the sound of mel frames as they arrive: waves (T,) float32 in [-1, 1].

    Together they are the wave of `vocode` with all frames at once, sample for sample. A wave comes when its frames, and
    those that the model looks ahead to, are there.

    Args:
        blocks: frames (F, M), any number at a time. They are checked as they come: the first second and a few that
            follow by their statistics, each by its type, its shape and NaN.

    Raises:
        UsageError, DataError: as `vocode`; for frames that come late, after the sound of those before them.
    """
    check_keys([seed], [])
    ready = vocoder_given(model)
    chosen, _ = labels_for(ready.needs.classes, labels, {})
    voice = Voice(labels=chosen, sampling=sampling, seed=seed, engine=engine, threads=threads)
    return Sounding(ready, voice).play(as_they_come(blocks, ready, "the mel"))


def vocoder_given(model: AnyModel) -> Any:
    """A model conditioned on mel frames, loaded if it is a folder.

    Raises:
        UsageError: it is not.
    """
    ready = model_given(model, "generate")
    features = ready.needs.features
    if features is None or features.kind != "mel":
        reads = "no frames" if features is None else f"frames of kind {features.kind}"
        raise UsageError(f"this model is conditioned on {reads}, not on a mel spectrum, so it is no vocoder")
    return ready


def source_of(given: MelOrSound, model: Any, clip: Clip | None = None) -> Source:
    """The frames of what a user gives, or of a clip that was read from it.

    Raises:
        DataError: see `vocode`.
    """
    settings = model.needs.features
    is_mel = is_file_of_frames(given) or isinstance(given, np.ndarray) and given.ndim != 1
    if clip is None and is_mel:
        name = str(given) if isinstance(given, str | Path) else "the mel"
        array = read_array(Path(given)) if isinstance(given, str | Path) else np.asarray(given)
        frames, notes = check_mel(array, settings, statistics_of(model), name)
        return Source(name, [frames.astype(np.float32)], len(frames) * settings.hop_length, {}, notes)
    notes = ()
    if clip is None:
        clip, notes = read_sound(given, model.needs.sample_rate)
    return Source(clip.name, frame_features.build(settings).blocks(clip), len(clip), dict(clip.labels), notes)


def drawn(model: Any, source: Source, voice: Voice, progress: OnProgress | None = None) -> Vocoded:
    """The sound of a source, with its own labels where `voice` has none."""
    began = time.perf_counter()
    labels, left = labels_for(model.needs.classes, voice.labels, source.labels)
    sounding = Sounding(model, replace(voice, labels=labels))
    with Spool(cache_folder() / "waves") as spool:
        parts = watched(sounding.play(source.blocks, source.num_samples), source.num_samples, progress)
        wave = spool.wave(spool.keep(map(to_int16, parts)))
    return Vocoded(
        name=source.name,
        drawn=wave,
        sample_rate=model.needs.sample_rate,
        labels=labels,
        engine=sounding.engine,
        seconds=time.perf_counter() - began,
        notes=tuple(dict.fromkeys([*source.notes, *left, *sounding.notes])),
    )


def as_they_come(blocks: Iterable[Any], model: Any, name: str) -> Iterator[np.ndarray]:
    """The blocks, checked, values below the model's floor raised to it.

    Statistics are compared when there is a quarter of a second of frames, and whenever there are twice as many, up to
    eight seconds.
    """
    settings, statistics = model.needs.features, statistics_of(model)
    size = settings.sample_rate / settings.hop_length
    first, until = max(1, round(size / 4)), round(8 * size)
    seen: list[np.ndarray] = []
    count = 0
    for block in blocks:
        if not isinstance(block, np.ndarray) or block.ndim != 2 or block.shape[1] != settings.num_channels:
            found = f"shape {block.shape}" if isinstance(block, np.ndarray) else f"type {type(block).__name__}"
            raise DataError(
                f"{name}: a block of frames has {found}; this model needs (frames, "
                f"{settings.num_channels}): {described(settings)}"
            )
        if not len(block):
            continue
        check_mel(block, settings, None, name)
        count += len(block)
        if count - len(block) < until:
            seen.append(block)
        if count >= first and first <= until:
            check_mel(np.concatenate(seen), settings, statistics, name)
            first = 2 * count
        yield (block if statistics is None else raised(block, settings)).astype(np.float32)
    if not count:
        raise DataError(f"{name} holds no frames")


def statistics_of(model: Any) -> Any:
    """The statistics of a model's training set; None if it has none."""
    return model.config.conditioner.mel_statistics
