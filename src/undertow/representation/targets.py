"""What a probe is to find in frames: a label of each recording, labelled intervals in it, or its mel spectrum.

N clips, L frames, K classes, M mel bands.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from undertow.data.clips import Clip, ClipSet
from undertow.data.folder import natural
from undertow.data.frame_labels import FrameLabels
from undertow.data.intervals import check_end, labels_of_frames
from undertow.errors import DataError, UsageError, counted, first_of, shown
from undertow.representation.sources import open_source

MEL, PHONE = "mel", "phone"
DECIBELS = 10 / math.log(10)  # of a natural logarithm of power


@dataclass(frozen=True, eq=False)
class Target:
    """What is to be found in the clips that have it.

    Attributes:
        name: of the label; "mel" for the spectrum.
        of_frames: whether each frame has one; otherwise each clip.
        classes: names of the classes; () of numbers.
        values: by number of a clip, its class (an int); or, for clips with labelled intervals, these.
        notes: for the user, on clips that are left out.
    """

    name: str
    of_frames: bool
    classes: tuple[str, ...]
    values: Mapping[int, Any]
    notes: tuple[str, ...] = ()

    def of(self, number: int, clip: Clip, num_frames: int, rate: float, sample_rate: int) -> np.ndarray:
        """What a clip's frames at `rate` a second are to give: (L,) int64 classes, -1 for none, or (L, M) float32 dB;
        or (1,) int64 of a label of clips.
        """
        value = self.values.get(number)
        if not self.of_frames:
            return np.array([value], np.int64)
        if not self.classes:
            return mel_of(clip, num_frames, rate, sample_rate)
        index = {name: place for place, name in enumerate(self.classes)}
        labels = labels_of_frames(self.values[number], num_frames, 1 / rate, None)
        return np.array([index.get(one, -1) for one in labels], np.int64)


def find_target(clips: ClipSet, name: str, source: str, labels: str | Path | None, tier: str | None) -> Target:
    """The target of that name: "mel", a label that clips have, or the labels of intervals, which "phone" always means.

    Args:
        source: where the clips are from.
        labels: file of the labels of intervals of all recordings; None: what is beside them, see `FrameLabels`.
        tier: of TextGrids.

    Raises:
        UsageError: the data has no such label.
        DataError: a file of labels is missing or damaged, or no clip can be used.
    """
    if name == MEL:
        return Target(name, True, (), dict.fromkeys(range(len(clips))))
    if labels is None and name in clips.label_classes and name != PHONE:
        return _of_clips(clips, name)
    if labels is None and name != PHONE:
        known = ", ".join(dict.fromkeys([*map(shown, clips.label_classes), PHONE, MEL]))
        raise UsageError(f"{source} has no label '{shown(name)}'; targets are {known}")
    return _of_intervals(clips, name, FrameLabels(source, None if labels is None else _absolute(labels), tier))


def mel_of(clip: Clip, num_frames: int, rate: float, sample_rate: int) -> np.ndarray:
    """(L, M) float32: the power of 80 mel bands in dB, of frames at `rate` a second.

    Each is the mean of the spectra every 10 ms whose middle is in the frame, or of the nearest one if there is none.
    """
    source = open_source("fbank", sample_rate=sample_rate)
    bands = source.of_clip(clip) * DECIBELS
    sums = np.zeros((num_frames, bands.shape[1]))
    places = ((np.arange(len(bands)) + 0.5) * source.frame_seconds * rate).astype(np.int64).clip(0, num_frames - 1)
    np.add.at(sums, places, bands)
    counts = np.bincount(places, minlength=num_frames)
    nearest = np.round((np.arange(num_frames) + 0.5) / rate * source.rate - 0.5).astype(np.int64)
    found = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], bands[nearest.clip(0, len(bands) - 1)])
    return found.astype(np.float32)


def _of_clips(clips: ClipSet, name: str) -> Target:
    values = {number: clip.labels[name] for number, clip in enumerate(clips) if name in clip.labels}
    classes = tuple(sorted(set(values.values()), key=natural))
    without = len(clips) - len(values)
    notes = (f"{counted(without, 'recording')} left out: no {name}",) if without else ()
    return Target(name, False, classes, {number: classes.index(one) for number, one in values.items()}, notes)


def _of_intervals(clips: ClipSet, name: str, source: FrameLabels) -> Target:
    found, told = source.read(source.items())
    notes, values, bad = [*told], dict[int, Any](), []
    for number, clip in enumerate(clips):
        if clip.name not in found:
            continue
        one = found[clip.name]
        try:
            check_end(one.intervals, len(clip) / clips.sample_rate, 0.0, one.file)
        except DataError as error:
            bad.append(f"{clip.name}: {error}")
            continue
        values[number] = one.intervals
    if bad:
        notes.append("\n  ".join([f"{counted(len(bad), 'recording')} left out:", *first_of(bad)]))
    if not values:
        raise DataError(f"no recording has labels that can be used{f'; the first: {bad[0]}' if bad else ''}")
    without = len(clips) - len(values) - len(bad)
    if without:
        notes.append(f"{counted(without, 'recording')} left out: no labels")
    every = sorted({interval.label for one in values.values() for interval in one})
    return Target(name, True, tuple(every), values, tuple(notes))


def _absolute(labels: str | Path) -> str:
    """The file, if it is one from here; otherwise its path from the folder of the recordings."""
    return str(Path(labels).resolve()) if Path(labels).exists() else str(labels)


def held_out_classes(clips: Sequence[Clip], label: str, seed: int) -> set[str]:
    """A fifth of a label's classes, at least one, drawn by the seed.

    Raises:
        UsageError: no clip has such a label.
        DataError: there is one class alone.
    """
    names = sorted({clip.labels[label] for clip in clips if label in clip.labels}, key=natural)
    if not names:
        known = ", ".join(sorted({name for clip in clips for name in clip.labels}))
        raise UsageError(f"held_out is '{shown(label)}', which no recording has; give split or one of {known}")
    if len(names) < 2:
        raise DataError(f"there is one {label} alone, '{shown(names[0])}': none can be held out")
    order = np.random.default_rng([seed, 5]).permutation(len(names))
    return {names[place] for place in order[: max(1, round(len(names) / 5))]}
