"""Speech to text: sounds to their transcripts.

T samples, F frames, C channels.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np

from undertow.arguments import checked, is_one, several
from undertow.callbacks import OnProgress
from undertow.checkpoint import AnyModel, model_given
from undertow.data.audio import is_silent
from undertow.data.features import extract
from undertow.decoding.translating import Translation, translate
from undertow.errors import DataError
from undertow.media import Given
from undertow.media.sound import read_wave
from undertow.models.seq2seq import Seq2Seq
from undertow.options import SEARCH, Search, changed

CUT = "its text reached the maximum length and was cut off"


@dataclass(frozen=True)
class Recording:
    """A sound as a model reads it.

    Attributes:
        frames: (F, C) float32.
        seconds: its length.
        notes: notes for the user on changes to it.
    """

    frames: np.ndarray
    seconds: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Transcript:
    """The transcript of one sound.

    Attributes:
        name: its file, or its number for a sound that is not a file.
        seconds: its length.
        line: its texts, with their log-probabilities; "skipped", with an empty text, if the sound could not be used.
        notes: notes for the user on changes to the sound, and on a text that was cut off.
        fault: why the sound could not be used, or None.
    """

    name: str
    seconds: float
    line: Translation
    notes: tuple[str, ...] = ()
    fault: str | None = None

    @property
    def text(self) -> str:
        """The best text."""
        return self.line.text


@dataclass(frozen=True)
class Transcription:
    """The transcripts of several sounds, in the order they were given in.

    Attributes:
        seconds: wall-clock seconds, including the time to read the files.
    """

    transcripts: tuple[Transcript, ...]
    seconds: float

    @property
    def texts(self) -> list[str]:
        """The best text of each sound; empty for one that could not be used."""
        return [one.text for one in self.transcripts]

    @property
    def faults(self) -> list[str]:
        """Why sounds could not be used, one line each."""
        return [one.fault for one in self.transcripts if one.fault is not None]

    @property
    def notes(self) -> list[str]:
        """Notes for the user on the sounds, one line each."""
        return [f"{one.name}: {note}" for one in self.transcripts for note in one.notes]


@overload
def transcribe(
    model: AnyModel,
    sounds: Given,
    *,
    search: Search = ...,
    skip_bad: bool = ...,
    progress: OnProgress | None = ...,
    **options: Any,
) -> Transcript: ...


@overload
def transcribe(
    model: AnyModel,
    sounds: Sequence[Given],
    *,
    search: Search = ...,
    skip_bad: bool = ...,
    progress: OnProgress | None = ...,
    **options: Any,
) -> Transcription: ...


@checked
def transcribe(
    model: AnyModel,
    sounds: Given | Sequence[Given],
    *,
    search: Search = SEARCH,
    skip_bad: bool = False,
    progress: OnProgress | None = None,
    **options: Any,
) -> Transcript | Transcription:
    """Transcribe sounds. One sound gives one `Transcript`. All are read before the first is transcribed.

    Args:
        model: a model, or the folder of a checkpoint or of a run.
        sounds: one or several files (those of another rate than the model's are resampled, with a note), `Audio`
            values, or float waves (T,) in [-1, 1] at the model's rate.
        search: how to search for texts.
        skip_bad: leave the text of a sound that cannot be used empty, and give the reason as its `fault`; by default
            such a sound is an error.
        progress: called after each batch with the sounds done and the sounds in all.
        options: fields of `undertow.options.Search` by their names, such as beam=5.

    Raises:
        UsageError: an unknown option, numbers out of range, or a model that does not read sound.
        DataError: a sound is missing, damaged, silent, or longer than the model can read.
    """
    began, search = time.perf_counter(), changed(search, options)
    ready: Seq2Seq = model_given(model, "transcribe")
    read = [_read(ready, sound, number, skip_bad) for number, sound in enumerate(several(sounds), start=1)]
    good = [one for one in read if isinstance(one, tuple)]
    found = translate(ready, [recording.frames for _, recording in good], search=search, progress=progress)
    lines = iter(found.lines)
    made = tuple(_transcript(*one, next(lines)) if isinstance(one, tuple) else one for one in read)
    return made[0] if is_one(sounds) else Transcription(made, time.perf_counter() - began)


def read_recording(model: Seq2Seq, sound: Given, name: str) -> Recording:
    """A sound as a model reads it.

    Args:
        name: of the sound, for messages.

    Raises:
        UsageError: the model's features are not computed from sound.
        DataError: the sound is missing, damaged, silent, or longer than the model can read.
    """
    features = model.config.features
    try:
        wave, notes = read_wave(sound, features.sample_rate)
    except DataError as error:
        raise error if isinstance(sound, str | Path) else DataError(f"{name}: {error}") from None
    if is_silent(wave):
        raise DataError(f"{name}: silent; no sample is above -72 dB of full scale")
    frames = extract(features, wave)
    check_length(model, len(frames), name)
    return Recording(frames, len(wave) / features.sample_rate, notes)


def check_length(model: Seq2Seq, num_frames: int, name: str) -> None:
    """Refuse a recording with more frames than a model can read.

    Raises:
        DataError: it is too long; the message gives both lengths in seconds.
    """
    most, features = model.network.encoder.max_length, model.config.features
    if most is not None and num_frames > most:
        frame = features.hop_length / features.sample_rate
        raise DataError(
            f"{name}: {num_frames * frame:.2f} s long, but this model reads {most * frame:.2f} s at most; cut it into "
            f"pieces, or train with network.max_length={num_frames} or more"
        )


def _read(model: Seq2Seq, sound: Given, number: int, skip_bad: bool) -> tuple[str, Recording] | Transcript:
    """A sound's name and what the model reads of it; the empty transcript of one that cannot be used."""
    name = str(sound) if isinstance(sound, str | Path) else f"sound {number}"
    try:
        return name, read_recording(model, sound, name)
    except DataError as error:
        if not skip_bad:
            raise
        return Transcript(name, 0.0, Translation(kind="skipped"), fault=str(error))


def _transcript(name: str, recording: Recording, line: Translation) -> Transcript:
    notes = (*recording.notes, *([CUT] * (not line.ended[0])))
    return Transcript(name, recording.seconds, line, notes)
