"""Recordings with the symbols that are spoken and when: what a voice learns from.

F frames, S symbols.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from undertow.data.catalogue import cache_folder
from undertow.data.clip_examples import ClipExamples
from undertow.data.clips import Clip, ClipSet
from undertow.data.features import build
from undertow.data.frame_labels import FrameLabels
from undertow.data.intervals import Interval, check_end
from undertow.data.lexicon import without_stress
from undertow.data.load import load_clips
from undertow.data.needs import Needs
from undertow.data.pitch import track
from undertow.data.script import SPACE, Spelling
from undertow.data.spool import mapped
from undertow.errors import DataError, counted, first_of, shown

PAUSES = frozenset({"", "#", "_", "<eps>", "<sil>", "+noise+", "h#", "pau", "sil", "sp", "spn"})  # of aligners
PAUSE = {"phones": "SIL", "characters": "_"}  # the symbol of silence
ROUND_FRAMES = 16  # of a batch of mel frames
MOST_SECONDS = 60  # of a recording, all symbols of which are read for each crop
SYMBOL, PLACE, HZ = range(3)  # channels of a voice's source, a frame each


def spelt(intervals: Sequence[Interval], spells: Spelling) -> list[Interval]:
    """Intervals of symbols: phones without stress; of words each character, evenly; silence as one symbol.

    A space is put between words that follow each other at once; it takes a part of the second, as long as a character.
    """
    pause, found = PAUSE[spells], list[Interval]()
    for one in intervals:
        label = one.label.strip()
        if label.lower() in PAUSES:
            found.append(one._replace(label=pause))
        elif spells == "phones":
            found.append(one._replace(label=without_stress(label)))
        else:
            follows = bool(found) and found[-1].label != pause and one.start - found[-1].stop < 1e-3
            names = [SPACE] * follows + list(label.lower().replace("’", "'"))
            ends = np.linspace(one.start, one.stop, len(names) + 1).tolist()
            found += [Interval(ends[k], ends[k + 1], name, one.line) for k, name in enumerate(names)]
    return found


def symbols_of_frames(
    intervals: Sequence[Interval], num_frames: int, frame_seconds: float, pause: str
) -> list[tuple[str, int]]:
    """The symbols of a recording, with the frames of each, which sum to `num_frames`: gaps are pauses, and pauses that
    follow each other one. A symbol that holds the middle of no frame is left out.
    """
    found: list[tuple[str, int]] = []
    place = 0

    def add(label: str, stop: int) -> None:
        nonlocal place
        stop = min(stop, num_frames)
        if stop <= place:
            return
        if label == pause and found and found[-1][0] == pause:
            found[-1] = (pause, found[-1][1] + stop - place)
        else:
            found.append((label, stop - place))
        place = stop

    for one in intervals:
        first, last = (math.ceil(time / frame_seconds - 0.5 - 1e-9) for time in (one.start, one.stop))
        add(pause, first)
        add(one.label, last)
    add(pause, num_frames)
    return found


@dataclass(frozen=True)
class Aligned:
    """Recordings and the times of their symbols; see `FrameLabels` for where these are.

    Attributes:
        spells: "phones": labels are phones; "characters": labels are words, whose characters are the symbols.
    """

    labels: FrameLabels
    spells: Spelling = "phones"

    def symbols(self) -> tuple[str, ...]:
        """Every symbol of the recordings, in order, with the pause.

        Raises:
            DataError: see `FrameLabels.read`.
        """
        read, _ = self.labels.read(self.labels.items())
        every = {one.label for labelled in read.values() for one in spelt(labelled.intervals, self.spells)}
        return tuple(sorted(every | {PAUSE[self.spells]} | ({SPACE} if self.spells == "characters" else set())))

    def load(self, split: str, needs: Needs, low_hz: float | int, high_hz: float | int) -> "SpeechExamples":
        """The recordings of a split that have symbols, as a voice needs them. Others, and
        those of more than a minute, are left out, counted and named.

        Raises:
            DataError: see `load_clips` and `FrameLabels.read`; or no recording is left.
        """
        frame = needs.features.hop_length / needs.features.sample_rate
        clips = load_clips(self.labels.source, split, needs.sample_rate, path=self.labels.path, cuts_one=False)
        read, notes = self.labels.read(self.labels.items())
        assert needs.script is not None
        index = {name: number for number, name in enumerate(needs.script.symbols)}
        kept: list[Clip] = []
        symbols, bad = [], []
        for clip in clips:
            if clip.name not in read:
                continue
            one = read[clip.name]
            try:
                _check_length(clip, clips.sample_rate)
                check_end(one.intervals, len(clip) / clips.sample_rate, frame, one.file)
                number = -(-len(clip) // needs.features.hop_length)
                runs = symbols_of_frames(spelt(one.intervals, self.spells), number, frame, PAUSE[self.spells])
                symbols.append(_indices(runs, index, PAUSE[self.spells]))
            except DataError as error:
                bad.append(f"{clip.name}: {error}")
                continue
            kept.append(clip)
        left = len(clips) - len(kept) - len(bad)
        notes = [*notes, *([f"{counted(left, 'recording')} left out: no times of symbols"] if left else [])]
        if bad:
            notes.append("\n  ".join([f"{counted(len(bad), 'recording')} left out:", *first_of(bad)]))
        if not kept:
            first = f"; the first: {bad[0]}" if bad else ""
            raise DataError(f"{self.labels.source} has no {split} recordings with times of symbols to use{first}")
        there = ClipSet(kept, clips.sample_rate, clips.label_classes, clips.report)
        kind = SpokenFrames if needs.alphabet.real == "numbers" else SpeechExamples
        return kind(there, needs, symbols, (low_hz, high_hz), notes)


class SpeechExamples(ClipExamples):
    """Clips whose frames are their numbers, and whose source is the whole recording: for each frame the symbol, its
    place among the symbols, and the fundamental frequency in Hz, 0 where unvoiced.

    Args:
        symbols: of each clip (S, 2): symbol and frames.
        range_hz: of the fundamental frequency.
        left_out: notes on recordings that are left out.
    """

    def __init__(
        self,
        clips: ClipSet,
        needs: Needs,
        symbols: Sequence[np.ndarray],
        range_hz: tuple[float | int, float | int],
        left_out: Iterable[str] = (),
    ) -> None:
        super().__init__(clips, replace(needs, features=None))
        self.hop = self.frame_samples = needs.features.hop_length
        self.notes = [*left_out, *self.notes]
        self._symbols, self._range = symbols, range_hz
        self._sources: dict[int, np.ndarray] = {}

    def frames(self, index: int) -> np.ndarray:
        return np.arange(int(self._symbols[index][:, 1].sum()), dtype=np.float32)[:, None]

    def source(self, index: int) -> np.ndarray:
        if index not in self._sources:
            symbols, durations = self._symbols[index].T
            place = np.repeat(np.arange(len(symbols)), durations)
            hz = track(self.clips[index].samples, self.clips.sample_rate, self.frame_samples, *self._range)
            self._sources[index] = np.stack([symbols[place], place, hz], axis=1).astype(np.float32)
        return self._sources[index]

    @cached_property
    def num_spoken(self) -> int:
        """Symbols of all recordings."""
        return sum(map(len, self._symbols))

    def size(self, unit: str) -> str:
        return f"{super().size(unit)}, {counted(self.num_spoken, 'symbol')}"

    def summary(self) -> dict[str, Any]:
        return {**super().summary(), "num_spoken": self.num_spoken}


class SpokenFrames(SpeechExamples):
    """The same, whose steps are not samples but the frames of the features that the model writes."""

    round_steps = ROUND_FRAMES
    padding = 0

    def __init__(self, clips: ClipSet, needs: Needs, *rest: Any) -> None:
        super().__init__(clips, needs, *rest)
        self.hop, self._features = 1, build(needs.features)
        self._channels, self._spectra = int(needs.features.num_channels), dict[int, np.ndarray]()

    @cached_property
    def lengths(self) -> np.ndarray:
        return np.array([int(one[:, 1].sum()) for one in self._symbols], np.int64)

    @property
    def step_shape(self) -> tuple[int, ...]:
        return (self._channels,)

    @property
    def dtype(self) -> Any:
        return np.float32

    def read(self, index: int, start: int, stop: int) -> np.ndarray:
        if index not in self._spectra:
            self._spectra[index] = mapped(self._features.blocks(self.clips[index]), cache_folder() / "waves")
        return self._spectra[index][start:stop]


def _check_length(clip: Clip, sample_rate: int) -> None:
    seconds = len(clip) / sample_rate
    if seconds > MOST_SECONDS:
        raise DataError(f"it has {seconds:.0f} s, and at most {MOST_SECONDS} are read; cut it into sentences")


def _indices(runs: Sequence[tuple[str, int]], index: dict[str, int], pause: str) -> np.ndarray:
    unknown = next((name for name, _ in runs if name not in index), None)
    if unknown is not None:
        raise DataError(f"the voice does not know the symbol '{shown(unknown)}'")
    if all(name == pause for name, _ in runs):
        raise DataError("its symbols are all silence")
    return np.array([(index[name], frames) for name, frames in runs], np.int64)
