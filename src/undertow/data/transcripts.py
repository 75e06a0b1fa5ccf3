"""Recordings and what is said in them, as frames and symbols: what a recogniser of speech learns from.

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
from undertow.data.folder import ALL, SPLITS, TABLE, Item, label_classes
from undertow.data.load import list_source, load_clips
from undertow.data.pairs import PairSet
from undertow.errors import DataError, UsageError

SPEAKER = "speaker"  # the label that says who speaks, and the split of the one who is held out
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True, eq=False)
class Transcripts:
    """The clips of one split, each with what is said in it.

    Attributes:
        clips: (N,) with words.
        texts: (N,) what is said.
        wordless: names of the clips that were left out, since nothing says what is said in them.
    """

    clips: ClipSet
    texts: Sequence[str]
    wordless: Sequence[str] = ()

    def lines(self) -> list[str]:
        """What a user should be told, one line each; none when there is nothing to tell."""
        lines = self.clips.report.lines()
        if self.wordless:
            lines.append(f"{len(self.wordless)} clips skipped: nothing says what is said (first: {self.wordless[0]})")
        return lines

    def encode(self, features: Any, alphabet: TextAlphabet) -> PairSet:
        """Frames (F, C) of each clip, by a config of them, and its text as symbols (T,) of the smallest unsigned type.

        Raises:
            UsageError: the frames are of another rate than the clips.
            DataError: a text has a character outside the alphabet, or frames that should come with a clip did not.
        """
        if features.sample_rate != self.clips.sample_rate:
            raise UsageError(f"the features are for {features.sample_rate} Hz, the clips have {self.clips.sample_rate}")
        dtype = np.min_scalar_type(alphabet.num_symbols - 1)
        return PairSet(
            [build(features).of_clip(clip) for clip in self.clips],
            [_symbols(clip, text, alphabet).astype(dtype) for clip, text in zip(self.clips, self.texts, strict=True)],
            [clip.name for clip in self.clips],
            target_texts=list(self.texts),
        )


@dataclass(frozen=True)
class Spoken:
    """Recordings of which something says what is said in each: where they are, and what says it.

    Attributes:
        source: a named set, or a folder with a table `metadata.csv` of them (columns `file` and `text`, say).
        label: the label that is the text: a column of the table, or what the names of a set tell. A digit, 0 to 9, is
            written as its word.
        held_out_speaker: the value of the label `speaker` whose clips are in no split but "speaker".
        sample_rate, path, label_pattern: see `load_clips`.
    """

    source: str
    label: str = "text"
    held_out_speaker: str | None = None
    sample_rate: int | None = None
    path: str | None = None
    label_pattern: str | None = None

    def texts(self) -> dict[str, list[str]]:
        """What is said in the files of each split that has any, without reading them.

        Raises:
            UsageError: see `load_clips`.
            DataError: the source is not there or not laid out as it must be, nothing in it tells a text, or there is no
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
            features: config of the frames that are wanted; those of kind "frames" are read beside each file.

        Raises:
            UsageError, DataError: see `load_clips` and `texts`; or there are no clips with words in the split.
        """
        part = ALL if split == SPEAKER else split
        options: dict[str, Any] = {"path": self.path, "label_pattern": self.label_pattern, "features": features}
        clips = load_clips(self.source, part, self.sample_rate, **options)
        self._check(clips.label_classes)
        wanted = [clip for clip in clips if self._is_held_out(clip) == (split == SPEAKER)]
        texts = {clip.name: written(clip.labels.get(self.label, "")) for clip in wanted}
        spoken = [clip for clip in wanted if texts[clip.name]]
        if not spoken:
            raise DataError(f"{self.source} has no {split} clips with words that can be used")
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
            raise DataError(f"{self.source} has no label '{self.label}' that says what is said{help} (data.label)")
        speakers = classes.get(SPEAKER, ())
        if self.held_out_speaker is not None and self.held_out_speaker not in speakers:
            there = nearest(self.held_out_speaker, list(speakers)) if speakers else f"; it has no label '{SPEAKER}'"
            raise DataError(f"{self.source} has no speaker '{self.held_out_speaker}' to hold out{there}")


def written(value: str) -> str:
    """A label as text: of a digit its word, otherwise as it is, without white space at its ends."""
    value = value.strip()
    return DIGITS[int(value)] if value.isdecimal() and value.isascii() and len(value) == 1 else value


def _symbols(clip: Clip, text: str, alphabet: TextAlphabet) -> np.ndarray:
    try:
        return alphabet.encode(text)
    except OutsideError as error:
        raise error.moved(0, clip.name) from None
