"""Speak a text: read its sentences as symbols, plan each one's frames, and draw their sound as one stream.

T samples, F frames, S symbols.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch

from undertow.arguments import checked
from undertow.callbacks import OnProgress, unwatched
from undertow.checkpoint import AnyModel, model_given
from undertow.data.audio import to_int16
from undertow.data.catalogue import cache_folder
from undertow.data.intervals import Interval
from undertow.data.lexicon import read_lexicon
from undertow.data.script import Sentence, sentences
from undertow.data.spool import Spool
from undertow.errors import DataError, UsageError
from undertow.generation.drawn import Drawn
from undertow.generation.labels import Labels, labels_for, resolve_labels
from undertow.generation.sounding import Voice
from undertow.models.speaking import Planned, Speaks
from undertow.options import PLAIN, Manner, Sampling, check_keys
from undertow.session.inference import inference
from undertow.speaking.drawing import Draws, drawing_of

MANNER = Manner()
KEPT_MAPS = 64  # sentences whose attention is kept


@dataclass(frozen=True, eq=False)
class Said:
    """A sentence that was spoken.

    Attributes:
        text: of the sentence.
        start, stop: its place in the sound, in seconds.
        symbols: where each of its symbols was planned, in seconds from the beginning of the sound; of a model that
            aligns by attention, where most attention went.
        pitch: (F,) the planned fundamental frequency in Hz, 0 where unvoiced; None if it was not planned.
        attention: (F, S) of a model that aligns by attention, or None.
        stopped: whether the sentence ended by itself; False: it was cut.
    """

    text: str
    start: float
    stop: float
    symbols: tuple[Interval, ...]
    pitch: np.ndarray | None = None
    attention: np.ndarray | None = None
    stopped: bool = True


@dataclass(frozen=True, eq=False)
class Spoken(Drawn):
    """A text as sound.

    Attributes:
        drawn: (T,) int16.
        sample_rate: Hz.
        sentences: in order.
        engine: that drew it.
        first_sound: seconds from the call to the first samples.
        seconds: that it took.
        notes: for the user.
    """

    drawn: np.ndarray
    sample_rate: int
    sentences: tuple[Said, ...]
    engine: str
    first_sound: float
    seconds: float
    notes: tuple[str, ...] = ()


class Speech:
    """The sound of a text as it is drawn: an iterator of waves (T,) float32 in [-1, 1]. Its memory does not grow with
    the length of the sound.

    Attributes:
        sample_rate: Hz.
        engine: that draws.
        sentences: those that are planned so far.
        num_sentences: all of them, where that is known.
        notes: for the user.
        first_sound: seconds from the call to the first samples; None before them.
    """

    def __init__(self, model: Speaks, read: Iterable[Sentence], draws: Draws, voice: "_Voiced", notes: Iterable[str]):
        self.sample_rate, self.engine = int(model.needs.sample_rate or 0), draws.engine
        self.sentences: list[Said] = []
        self.num_sentences = len(read) if isinstance(read, Sized) else None
        self.notes = [*notes, *draws.notes]
        self.first_sound: float | None = None
        self._began = voice.began
        self._waves = draws.play(self._frames(model, read, draws.hop, voice))

    def __iter__(self) -> Iterator[np.ndarray]:
        return self

    def __next__(self) -> np.ndarray:
        wave = next(self._waves)
        if self.first_sound is None:
            self.first_sound = time.perf_counter() - self._began
        return wave

    def _frames(self, model: Speaks, read: Iterable[Sentence], hop: int, voice: "_Voiced") -> Iterator[np.ndarray]:
        first = 0
        for row, sentence in enumerate(read):
            with inference(model):
                planned = model.speak_frames(
                    torch.tensor(sentence.symbols, device=model.device),
                    voice.labels,
                    manner=voice.manner,
                    sampling=voice.sampling,
                    seed=voice.seed,
                    row=row,
                )
            frames = planned.frames.float().cpu().numpy()
            if not np.isfinite(frames).all():
                raise DataError("the model's output is not a number: its weights are damaged")
            self.sentences.append(_said(sentence, planned, first, hop / self.sample_rate, row < KEPT_MAPS))
            if not planned.stopped:
                self.notes.append(f"'{sentence.text}' did not end by itself and was cut")
            first += len(frames)
            yield frames


@dataclass(frozen=True, kw_only=True)
class _Voiced:
    labels: dict[str, torch.Tensor]
    manner: Manner
    sampling: Sampling
    seed: int
    began: float


@checked
def speak(
    model: AnyModel,
    text: str,
    *,
    vocoder: AnyModel | None = None,
    labels: Labels = None,
    dictionary: str | Path | Mapping[str, str] | None = None,
    manner: Manner = MANNER,
    sampling: Sampling = PLAIN,
    seed: int = 0,
    engine: str = "auto",
    threads: int | None = None,
    progress: OnProgress = unwatched,
) -> Spoken:
    """Speak a text of any length; a long sound is kept in a file, so that memory does not grow with it.

    Args:
        model: a model that speaks, or the folder of a checkpoint or of a run.
        text: one or more sentences.
        vocoder: for a model that plans mel frames, one that draws their sound.
        labels: "jackson", "speaker=jackson", or {"speaker": "jackson"}; labels that are not given are left open.
        dictionary: a file of pronunciations like CMUdict, or a mapping from words to phones between spaces, which come
            before the model's own.
        manner: how fast and how high.
        sampling: temperature and the like of what is drawn.
        seed: of the noise.
        engine, threads: as for `undertow.generate`.
        progress: called with sentences whose sound is drawn, and all of them.

    Raises:
        UsageError: the model cannot speak, the text has no word, or an option is wrong.
        DataError: the text has words or symbols that the model does not know, or it does not know a label.
    """
    began = time.perf_counter()
    found = stream_speak(
        model,
        text,
        vocoder=vocoder,
        labels=labels,
        dictionary=dictionary,
        manner=manner,
        sampling=sampling,
        seed=seed,
        engine=engine,
        threads=threads,
    )
    return gathered(found, began, progress)


def gathered(found: Speech, began: float, progress: OnProgress = unwatched) -> Spoken:
    """The whole of a stream that began at a time of `time.perf_counter`."""

    def watched() -> Iterator[np.ndarray]:
        for wave in found:
            yield to_int16(wave)
            if found.num_sentences is not None:
                progress(len(found.sentences) - 1, found.num_sentences)  # the last one may be half drawn

    with Spool(cache_folder() / "waves") as spool:
        drawn = spool.wave(spool.keep(watched()))
    return Spoken(
        drawn=drawn,
        sample_rate=found.sample_rate,
        sentences=tuple(found.sentences),
        engine=found.engine,
        first_sound=found.first_sound or 0.0,
        seconds=time.perf_counter() - began,
        notes=tuple(dict.fromkeys(found.notes)),
    )


@checked
def stream_speak(
    model: AnyModel,
    text: str | Iterator[str],
    *,
    vocoder: AnyModel | None = None,
    labels: Labels = None,
    dictionary: str | Path | Mapping[str, str] | None = None,
    manner: Manner = MANNER,
    sampling: Sampling = PLAIN,
    seed: int = 0,
    engine: str = "auto",
    threads: int | None = None,
) -> Speech:
    """Speak a text piece by piece: the first sound comes before the last sentence is planned.

    Args:
        text: one text, which is checked as a whole before anything is drawn; or an iterator of texts, each read when
            its turn comes.
        others: see `speak`.

    Raises:
        UsageError, DataError: see `speak`; for an iterator of texts, as it is read.
    """
    began = time.perf_counter()
    check_keys([seed], [])
    ready: Any = model_given(model, "speak")
    if dictionary is not None and ready.script.spells == "characters":
        raise UsageError("this voice reads characters, so a dictionary of phones changes nothing; leave it out")
    words = read_lexicon(Path(dictionary)) if isinstance(dictionary, str | Path) else dictionary
    classes = ready.needs.classes
    chosen, notes = labels_for(classes, labels, {})
    if isinstance(text, str):
        read: Iterable[Sentence] = [ready.script.read(one, words) for one in sentences(text)]
    else:
        read = (ready.script.read(one, words) for part in text if part.strip() for one in sentences(part))
        read = _some(read)
    voice = Voice(labels=chosen, sampling=sampling, seed=seed, engine=engine, threads=threads)
    indices = {name: one.to(ready.device) for name, one in resolve_labels(chosen, classes, 1).items()}
    voiced = _Voiced(labels=indices, manner=manner, sampling=sampling, seed=seed, began=began)
    return Speech(ready, read, drawing_of(ready, vocoder, voice), voiced, notes)


def _some(read: Iterator[Sentence]) -> Iterator[Sentence]:
    """The sentences, at least one.

    Raises:
        UsageError: (as the first is asked for) there is none.
    """
    first = next(read, None)
    if first is None:
        raise UsageError("the text is empty")
    yield from chain([first], read)


def _said(sentence: Sentence, planned: Planned, first: int, frame: float, keeps_map: bool) -> Said:
    start, length = first * frame, len(planned.frames) * frame
    attention = None if planned.attention is None else planned.attention.float().cpu().numpy()
    durations = (
        planned.durations if attention is None else np.bincount(attention.argmax(axis=1), minlength=len(sentence.names))
    )
    symbols: list[Interval] = []
    if durations is not None:
        ends = start + np.cumsum(np.asarray(durations)) * frame
        symbols = [
            Interval(float(begin), float(end), name)
            for begin, end, name in zip([start, *ends], ends, sentence.names, strict=False)
        ]
    return Said(
        text=sentence.text,
        start=start,
        stop=start + length,
        symbols=tuple(symbols),
        pitch=None if planned.pitch is None else planned.pitch.float().cpu().numpy(),
        attention=attention if keeps_map else None,
        stopped=planned.stopped,
    )
