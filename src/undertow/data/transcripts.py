"""Transcribed recordings, as frames and symbols, for speech recognition.

N clips, F frames, C channels of a frame, T symbols.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from undertow.alphabets.text_alphabet import OutsideError, TextAlphabet
from undertow.config import nearest
from undertow.data.catalogue import CATALOGUE
from undertow.data.clips import Clip, ClipSet
from undertow.data.features import build
from undertow.data.folder import ALL, SPLITS, Item, label_classes
from undertow.data.load import list_source, load_clips
from undertow.data.pairs import PairSet
from undertow.data.tables import TABLE
from undertow.errors import DataError, UsageError, counted

SPEAKER = "speaker"  # the label that names the speaker, and the held-out speaker's split
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True, eq=False)
class Transcripts:
    """The clips of one split, each with its transcript.

    Attributes:
        clips: (N,) with transcripts.
        texts: (N,) transcripts.
        wordless: names of the clips that were left out because they have no transcript.
    """

    clips: ClipSet
    texts: Sequence[str]
    wordless: Sequence[str] = ()

    @property
    def notes(self) -> list[str]:
        """A line for the user if there are clips without a transcript."""
        if not self.wordless:
            return []
        return [f"{counted(len(self.wordless), 'clip')} skipped: no transcript (first: {self.wordless[0]})"]

    def encode(self, features: Any, alphabet: TextAlphabet) -> PairSet:
        """Frames (F, C) of each clip, by a config of them, and its text as symbols (T,) of the smallest unsigned type.

        Raises:
            UsageError: the frames are of another rate than the clips.
            DataError: a text has a character outside the alphabet, or a clip should come with frames and has none.
        """
        if features.sample_rate != self.clips.sample_rate:
            rate = self.clips.sample_rate
            raise UsageError(f"the features are for {features.sample_rate} Hz, the clips have {rate} Hz")
        dtype = np.min_scalar_type(alphabet.num_symbols - 1)
        return PairSet(
            [build(features).of_clip(clip) for clip in self.clips],
            [_symbols(clip, text, alphabet).astype(dtype) for clip, text in zip(self.clips, self.texts, strict=True)],
            [clip.name for clip in self.clips],
            target_texts=list(self.texts),
            target_end=alphabet.num_symbols,
        )


@dataclass(frozen=True)
class Spoken:
    """Transcribed recordings: where they are, and which label is the transcript.

    Attributes:
        source: a named set, or a folder with a table `metadata.csv` of them (columns `file` and `text`, say).
        label: the label that is the transcript: a column of the table, or a label of a named set. A digit, 0 to 9, is
            written as its word.
        held_out_speaker: a value of the label `speaker`; its clips are only in the split "speaker".
        sample_rate, path, label_pattern, trim_decibels: see `load_clips`.
    """

    source: str
    label: str = "text"
    held_out_speaker: str | None = None
    sample_rate: int | None = None
    path: str | None = None
    label_pattern: str | None = None
    trim_decibels: float | None = None

    def texts(self) -> dict[str, list[str]]:
        """The transcripts of each split that has any, without reading the audio.

        Raises:
            UsageError: see `load_clips`.
            DataError: the source is missing or not laid out as it must be, it has no transcripts, or there is no
                such speaker.
        """
        items = list_source(self.source, path=self.path, label_pattern=self.label_pattern)
        self._check(label_classes(items))
        found: dict[str, list[str]] = {}
        for item in items:
            if text := written(item.labels.get(self.label, "")):
                found.setdefault(SPEAKER if self._is_held_out(item) else item.split, []).append(text)
        return {split: found[split] for split in (*SPLITS, SPEAKER) if split in found}

    def load(self, split: str, features: Any = None) -> Transcripts:
        """The clips of one split: "train", "validation", "test", or "speaker", where one is held out.

        Args:
            features: config of the frames; those of kind "frames" are read beside each file.

        Raises:
            UsageError, DataError: see `load_clips` and `texts`; or there are no clips with transcripts in the split.
        """
        part = ALL if split == SPEAKER else split
        options: dict[str, Any] = {"path": self.path, "label_pattern": self.label_pattern, "features": features}
        options["trim_decibels"] = self.trim_decibels
        clips = load_clips(self.source, part, self.sample_rate, cuts_one=False, **options)
        self._check(clips.label_classes)
        wanted = [clip for clip in clips if self._is_held_out(clip) == (split == SPEAKER)]
        texts = {clip.name: written(clip.labels.get(self.label, "")) for clip in wanted}
        spoken = [clip for clip in wanted if texts[clip.name]]
        if not spoken:
            raise DataError(f"{self.source} has no {split} clips with transcripts that can be used")
        return Transcripts(
            ClipSet(spoken, clips.sample_rate, clips.label_classes, clips.report),
            [texts[clip.name] for clip in spoken],
            [name for name, text in texts.items() if not text],
        )

    def _is_held_out(self, one: Item | Clip) -> bool:
        return self.held_out_speaker is not None and one.labels.get(SPEAKER) == self.held_out_speaker

    def _check(self, classes: Mapping[str, Sequence[str]]) -> None:
        if not any(map(written, classes.get(self.label, ()))):
            help = nearest(self.label, classes)
            if self.source not in CATALOGUE and not (Path(self.source) / TABLE).is_file() and not self.label_pattern:
                help = f"; write {TABLE} into the folder, with columns file and {self.label}"
            raise DataError(f"{self.source} has no transcripts: no label '{self.label}'{help} (data.label)")
        speakers = classes.get(SPEAKER, ())
        if self.held_out_speaker is not None and self.held_out_speaker not in speakers:
            there = nearest(self.held_out_speaker, list(speakers)) if speakers else f"; it has no label '{SPEAKER}'"
            raise DataError(f"{self.source} has no speaker '{self.held_out_speaker}' to hold out{there}")


def written(value: str) -> str:
    """A label as text: a digit as its word, anything else without white space at its ends."""
    value = value.strip()
    return DIGITS[int(value)] if value.isdecimal() and value.isascii() and len(value) == 1 else value


def _symbols(clip: Clip, text: str, alphabet: TextAlphabet) -> np.ndarray:
    try:
        return alphabet.encode(text)
    except OutsideError as error:
        raise error.moved(0, clip.name) from None
