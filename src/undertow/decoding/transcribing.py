"""Speech to text: sounds to their transcripts.

A long sound is read, cut into windows and transcribed piece by piece, so that memory does not grow with its length.
"""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np

from undertow.arguments import checked, is_one, several
from undertow.callbacks import OnProgress
from undertow.checkpoint import AnyModel, model_given
from undertow.data.audio import Audio, SoundFile, is_silent
from undertow.data.features import extract
from undertow.decoding.translating import Translation, translate_lines
from undertow.decoding.windows import windows
from undertow.errors import DataError, counted
from undertow.media import Given
from undertow.media.sound import read_wave
from undertow.models.seq2seq import Seq2Seq
from undertow.options import SEARCH, Search, changed

CUT = "its text reached the maximum length and was cut off"
WINDOW_SECONDS = 30.0  # most of a sound to transcribe at once: time and memory grow faster than the length
GROUP_SECONDS = 3600.0  # of sounds whose features are in memory at once
LONG_GROUP_SECONDS = 300.0  # the same, once there is a window of a long sound among them


@dataclass(frozen=True)
class Span:
    """What was heard in one window of a sound: from `start` to `stop`, in seconds."""

    start: float
    stop: float
    text: str


@dataclass(frozen=True)
class Transcript:
    """The transcript of one sound.

    Attributes:
        name: its file, or its number for a sound that is not a file.
        seconds: its length.
        line: its texts, with their log-probabilities; "skipped", with an empty text, if the sound could not be used.
        notes: notes for the user on changes to the sound, on its windows, and on a text that was cut off.
        fault: why the sound could not be used, or None.
        spans: what was heard when: one for each window; silent ones are left out.
    """

    name: str
    seconds: float
    line: Translation
    notes: tuple[str, ...] = ()
    fault: str | None = None
    spans: tuple[Span, ...] = ()

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
    """Transcribe sounds. One sound gives one `Transcript`.

    A sound of more than 30 s, or longer than the model can read, is cut into windows at its quietest moments, and read
    as it is transcribed. Windows do not overlap: a note counts the cuts that are not in a pause, where a word may be
    cut in two.

    Args:
        model: a model, or the folder of a checkpoint or of a run.
        sounds: one or several files (those of another rate than the model's are resampled, with a note), `Audio`
            values, or float waves (T,) in [-1, 1] at the model's rate.
        search: how to search for texts.
        skip_bad: leave the text of a sound that cannot be used empty, and give the reason as its `fault`; by default
            such a sound is an error.
        progress: called with the seconds of sound that are done, and those in all.
        options: fields of `undertow.options.Search` by their names, such as beam=5.

    Raises:
        UsageError: an unknown option, numbers out of range, or a model that does not read sound.
        DataError: a sound is missing, damaged or silent.
    """
    began, search = time.perf_counter(), changed(search, options)
    ready: Seq2Seq = model_given(model, "transcribe")
    heard = [_Heard(ready, sound, number) for number, sound in enumerate(several(sounds), start=1)]
    total = 0.0 if progress is None else sum(one.expected_seconds() for one in heard)
    pieces: deque[_Piece] = deque()
    groups = ([piece.frames for piece in group] for group in _groups(heard, skip_bad, pieces))
    done = 0.0
    for line in translate_lines(ready, groups, search):
        piece = pieces.popleft()
        piece.heard.lines.append((piece.start, piece.stop, line))
        done += piece.stop - piece.start
        if progress is not None:
            progress(min(round(done), round(total)), round(total))
    made = tuple(one.transcript() for one in heard)
    return made[0] if is_one(sounds) else Transcription(made, time.perf_counter() - began)


@dataclass(frozen=True)
class _Piece:
    """A window of a sound, as the model reads it: from `start` to `stop`, in seconds."""

    heard: "_Heard"
    frames: np.ndarray
    start: float
    stop: float


class _Heard:
    """One sound: what is known of it so far."""

    def __init__(self, model: Seq2Seq, sound: Given, number: int) -> None:
        self.sound = sound
        self.name = str(sound) if isinstance(sound, str | Path) else f"sound {number}"
        self.features, self.most_frames = model.config.features, model.network.encoder.max_length
        self.seconds, self.num_windows, self.num_abrupt = 0.0, 0, 0
        self.notes: tuple[str, ...] = ()
        self.fault: str | None = None
        self.lines: list[tuple[float, float, Translation]] = []

    def expected_seconds(self) -> float:
        """Its length, as its header says; 0 if it cannot be used."""
        if isinstance(self.sound, str | Path):
            try:
                return SoundFile(self.sound).seconds
            except DataError:
                return 0.0
        if isinstance(self.sound, Audio):
            return len(self.sound.wave) / self.sound.sample_rate
        return len(self.sound) / self.features.sample_rate

    def pieces(self) -> Iterator[_Piece]:
        """Its windows, read when they are asked for.

        Raises:
            UsageError: the model's features are not computed from sound.
            DataError: the sound is missing, damaged or silent.
        """
        rate = self.features.sample_rate
        num_heard = 0
        for window in windows(self._blocks(), rate, self.most_samples):
            self.num_windows += 1
            self.num_abrupt += not window.ends_in_pause
            self.seconds = (window.start + len(window.wave)) / rate
            if not is_silent(window.wave):
                num_heard += 1
                yield _Piece(self, extract(self.features, window.wave), window.start / rate, self.seconds)
        if not num_heard:
            raise DataError(f"{self.name}: silent; no sample is above -72 dB of full scale")

    @property
    def most_samples(self) -> int:
        """Of a window."""
        most = round(WINDOW_SECONDS * self.features.sample_rate)
        return most if self.most_frames is None else min(most, self.most_frames * self.features.hop_length)

    def transcript(self) -> Transcript:
        """All that was heard."""
        if self.fault is not None:
            return Transcript(self.name, 0.0, Translation(kind="skipped"), fault=self.fault)
        line = self.lines[0][2] if len(self.lines) == 1 else _joined([line for _, _, line in self.lines])
        notes = list(self.notes)
        if self.num_windows > 1:
            most = self.most_samples / self.features.sample_rate
            silent = self.num_windows - len(self.lines)
            left_out = f"; {silent} of them silent" if silent else ""
            notes.append(
                f"{self.seconds:.1f} s, cut at its quietest moments into "
                f"{counted(self.num_windows, 'window')} of at most {most:.3g} s{left_out}"
            )
            if self.num_abrupt:
                cuts = counted(self.num_windows - 1, "cut")
                notes.append(f"{self.num_abrupt} of {cuts} outside of a pause, where a word may be cut in two")
        notes += [CUT] * (not line.ended[0])
        spans = tuple(Span(start, stop, line.text) for start, stop, line in self.lines)
        return Transcript(self.name, self.seconds, line, tuple(notes), spans=spans)

    def _blocks(self) -> Iterator[np.ndarray]:
        """Its wave at the model's rate, in blocks."""
        if isinstance(self.sound, str | Path):
            file = SoundFile(self.sound, self.features.sample_rate)
            yield from file.blocks()
            self.notes = file.notes
            return
        try:
            wave, self.notes = read_wave(self.sound, self.features.sample_rate)
        except DataError as error:
            raise DataError(f"{self.name}: {error}") from None
        yield wave


def _groups(heard: Iterable[_Heard], skip_bad: bool, pieces: deque[_Piece]) -> Iterator[list[_Piece]]:
    """The windows of all sounds, in groups that are transcribed together; each group is also put into `pieces`."""
    group: list[_Piece] = []
    seconds = 0.0
    for one in heard:
        try:
            for piece in one.pieces():
                group.append(piece)
                seconds += piece.stop - piece.start
                if seconds >= (GROUP_SECONDS if one.num_windows == 1 else LONG_GROUP_SECONDS):
                    pieces.extend(group)
                    yield group
                    group, seconds = [], 0.0
        except DataError as error:
            if not skip_bad:
                raise
            one.fault = str(error)
    if group:
        pieces.extend(group)
        yield group


def _joined(lines: Sequence[Translation]) -> Translation:
    """The translation of a sound from those of its windows: the best of each, then the second of each …"""
    ranks = range(min(len(line.texts) for line in lines))
    return Translation(
        texts=tuple(" ".join(text for line in lines if (text := line.texts[rank].strip())) for rank in ranks),
        log_probs=tuple(sum(line.log_probs[rank] for line in lines) for rank in ranks),
        scores=tuple(sum(line.scores[rank] for line in lines) for rank in ranks),
        ended=tuple(all(line.ended[rank] for line in lines) for rank in ranks),
        num_symbols=sum(line.num_symbols for line in lines),
        kind="split",
    )
