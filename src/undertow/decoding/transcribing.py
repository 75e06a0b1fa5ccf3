"""Speech to text: sound files to their transcripts.

T samples, F frames, C channels.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from undertow.callbacks import OnProgress
from undertow.data.audio import is_silent, read_audio
from undertow.data.features import extract
from undertow.decoding.translating import Translation, translate
from undertow.errors import DataError
from undertow.models.model import Model, require
from undertow.models.seq2seq import Seq2Seq
from undertow.options import SEARCH, Search, changed

CUT = "its text reached the maximum length and was cut off"


@dataclass(frozen=True)
class Recording:
    """A sound file as a model reads it.

    Attributes:
        path: the file.
        frames: (F, C) float32.
        seconds: its length.
        notes: notes for the user on changes to it.
    """

    path: Path
    frames: np.ndarray
    seconds: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Transcription:
    """The transcripts of recordings.

    Attributes:
        recordings: in the order they were given in.
        lines: the transcripts of each, with their log-probabilities.
        seconds: wall-clock seconds, including the time to read the files.
    """

    recordings: tuple[Recording, ...]
    lines: tuple[Translation, ...]
    seconds: float

    @property
    def texts(self) -> list[str]:
        """The best text of each recording."""
        return [line.texts[0] for line in self.lines]

    @property
    def notes(self) -> list[str]:
        """Notes for the user on the files, one line each."""
        rows = zip(self.recordings, self.lines, strict=True)
        return [f"{one.path}: {note}" for one, line in rows for note in (*one.notes, *([CUT] * (not line.ended[0])))]


def transcribe(
    model: Seq2Seq,
    files: Sequence[str | Path],
    *,
    search: Search = SEARCH,
    progress: OnProgress | None = None,
    **options: Any,
) -> Transcription:
    """Transcribe sound files. All are read before the first is transcribed.

    Args:
        files: wav, flac, ogg or mp3; files of other rates than the model's are resampled, with a note.
        search: how to search for texts.
        progress: called after each batch with the files done and the files in all.
        options: fields of `undertow.options.Search` by their names, such as beam=5.

    Raises:
        UsageError: an unknown option, numbers out of range, or a model that does not read sound.
        DataError: a file is missing, damaged, silent, or longer than the model can read.
    """
    began, search = time.perf_counter(), changed(search, options)
    check_reads_sound(model)
    recordings = tuple(read_recording(model, path) for path in files)
    found = translate(model, [one.frames for one in recordings], search=search, progress=progress)
    return Transcription(recordings, found.lines, time.perf_counter() - began)


def read_recording(model: Seq2Seq, path: str | Path) -> Recording:
    """A sound file as a model reads it.

    Raises:
        UsageError: the model's features are not computed from sound.
        DataError: the file is missing, damaged, silent, or longer than the model can read.
    """
    features = model.config.features
    audio = read_audio(path, features.sample_rate)
    if is_silent(audio.wave):
        raise DataError(f"{path}: silent; no sample is above -72 dB of full scale")
    frames = extract(features, audio.wave)
    check_length(model, len(frames), str(path))
    return Recording(Path(path), frames, len(audio.wave) / audio.sample_rate, audio.notes)


def check_reads_sound(model: Model) -> None:
    """Refuse a model that does not transcribe sound.

    Raises:
        UsageError: the model does something else.
    """
    require(model, "transcribe")


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
