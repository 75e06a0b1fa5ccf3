"""Clips in memory: 16-bit waves with labels, and a report of skipped and changed files.

A wave of int16 costs two bytes a sample: 58 MB an hour at 8 kHz, 115 MB at 16 kHz, 346 MB at 48 kHz.

T samples, F frames, C channels.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from undertow.data.audio import to_float
from undertow.errors import counted, first_of


@dataclass(frozen=True, eq=False)
class Clip:
    """One recording: its name, its (T,) int16 wave, its labels by name, and its (F, C) float32 frames if it has any.

    Frames are read only for a model that is conditioned on them; see `undertow.data.frames`.
    """

    name: str
    wave: np.ndarray
    labels: Mapping[str, str] = field(default_factory=dict)
    frames: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.wave)

    @property
    def samples(self) -> np.ndarray:
        """(T,) float32 in [-1, 1)."""
        return to_float(self.wave)


@dataclass(frozen=True)
class Report:
    """What happened while a set was read.

    Attributes:
        num_files: number of files that were tried.
        bad: by name, why a file was skipped, in a line that names it.
        changes: by change, the number of files ("resampled from 44100 to 16000 Hz": 12).
        notes: files that the folder's layout leaves out, and why, one line each.
        trimmed_seconds, trimmed_share: silence cut from the ends, in seconds and as a share of what was read.
    """

    num_files: int = 0
    bad: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    trimmed_seconds: float = 0.0
    trimmed_share: float = 0.0

    def lines(self) -> list[str]:
        """The report as lines for the user; empty if there is nothing to report."""
        lines = [*self.notes]
        lines += [f"{count} of {counted(self.num_files, 'file')}: {change}" for change, count in self.changes.items()]
        if self.trimmed_seconds:
            lines.append(f"silence trimmed at the ends: {self.trimmed_seconds:.1f} s, {self.trimmed_share:.1%}")
        if self.bad:
            head = f"{len(self.bad)} of {counted(self.num_files, 'file')} skipped:"
            lines.append("\n  ".join([head, *first_of([*self.bad.values()])]))
        return lines


@dataclass(frozen=True, eq=False)
class ClipSet:
    """The clips of one split, all at one rate; a sequence of `Clip`.

    Attributes:
        clips: in the order of their names.
        sample_rate: Hz.
        label_classes: by label name, its classes in the whole set (all splits).
        report: what happened while they were read.
    """

    clips: Sequence[Clip]
    sample_rate: int
    label_classes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    report: Report = field(default_factory=Report)

    def __len__(self) -> int:
        return len(self.clips)

    def __iter__(self) -> Iterator[Clip]:
        return iter(self.clips)

    def __getitem__(self, index: int) -> Clip:
        return self.clips[index]

    @property
    def num_samples(self) -> int:
        """Samples of all clips."""
        return sum(map(len, self.clips))

    @property
    def seconds(self) -> float:
        """Length of all clips."""
        return self.num_samples / self.sample_rate
