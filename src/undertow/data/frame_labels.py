"""Recordings with a label for each frame of their features: from CTM, RTTM, MLF, TextGrid, .lab and Audacity's files.

N clips, F frames, C channels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from undertow.data.audacity import is_audacity, read_audacity
from undertow.data.clips import Clip, ClipSet
from undertow.data.ctm import read_ctm
from undertow.data.features import build
from undertow.data.folder import Item
from undertow.data.intervals import Interval, check_end, indices, labels_of_frames
from undertow.data.lab import is_lab, read_lab
from undertow.data.load import list_source, load_clips
from undertow.data.mlf import read_mlf
from undertow.data.rttm import read_rttm
from undertow.data.sequences import SequenceSet
from undertow.data.textgrid import read_textgrid
from undertow.errors import DataError, counted, first_of

OF_MANY = {".ctm": read_ctm, ".rttm": read_rttm, ".mlf": read_mlf}  # files with the labels of many recordings
GRIDS = (".textgrid", ".TextGrid", ".TEXTGRID")
LAB, AUDACITY = ".lab", ".txt"
WAVS = "wavs/"


@dataclass(frozen=True)
class Labelled:
    """The intervals of a recording, and the file that they are from."""

    intervals: Sequence[Interval]
    file: Path


@dataclass(frozen=True)
class FrameLabels:
    """Labelled recordings: where they are, and where their labels are.

    Attributes:
        source: a named set, or a folder of recordings.
        labels: a CTM, RTTM or MLF file of all of them, as a path from the folder; None: what is found, first a file
            beside each recording (.TextGrid, .ctm, .rttm, .mlf, .lab of HTK or Festvox, or Audacity's .txt), then the
            only .ctm, .rttm or .mlf in the folder.
        tier: of TextGrids; see `read_textgrid`.
        rest: the class of frames in no interval; None: they have none, and do not count.
        path: the named set's folder, if it is neither in UNDERTOW_DATA nor in the cache.
    """

    source: str
    labels: str | None = None
    tier: str | None = None
    rest: str | None = None
    path: str | None = None

    def items(self) -> list[Item]:
        """The recordings, whether or not they have labels."""
        return list_source(self.source, path=self.path)

    def read(self, items: Sequence[Item]) -> tuple[dict[str, Labelled], list[str]]:
        """The intervals of the recordings that have any, by name; and notes for the user.

        Raises:
            DataError: no recording has labels, or a file of labels cannot be read.
        """
        assert items, "a source has recordings"
        root = items[0].path.parents[items[0].name.count("/")]
        beside = {} if self.labels is not None else {one.name: file for one in items if (file := _beside(one.path))}
        if beside:
            found = {one.name: self._of_one(one, beside[one.name]) for one in items if one.name in beside}
            return found, []
        return self._of_all(items, root / self.labels if self.labels is not None else self._only(root))

    def classes(self) -> tuple[str, ...]:
        """The labels of all recordings, in order, and `rest`."""
        found, _ = self.read(self.items())
        every = {interval.label for one in found.values() for interval in one.intervals}
        return tuple(sorted(every | ({self.rest} if self.rest else set())))

    def load(self, split: str, features: Any, label: str, classes: Sequence[str]) -> "LabelledClips":
        """The recordings of a split that have labels, as frames (F, C) with the class of each.

        A recording whose labels go on behind its end is skipped and named, as others that cannot be used are.

        Raises:
            UsageError: see `load_clips`.
            DataError: see `load_clips` and `read`; a label is not one of the classes; or no recording is left.
        """
        clips = load_clips(self.source, split, features.sample_rate, path=self.path, features=features, cuts_one=False)
        found, notes = self.read(self.items())
        frame = features.hop_length / features.sample_rate
        index = {name: number for number, name in enumerate(classes)}
        kept: list[Clip] = []
        labels, bad = [], []
        for clip in clips:
            if clip.name not in found:
                continue
            one = found[clip.name]
            try:
                check_end(one.intervals, len(clip) / clips.sample_rate, frame, one.file)
            except DataError as error:
                bad.append(f"{clip.name}: {error}")
                continue
            names = labels_of_frames(one.intervals, -(-len(clip) // features.hop_length), frame, self.rest)
            labels.append(indices(names, index, one.file))
            kept.append(clip)
        unlabelled = len(clips) - len(kept) - len(bad)
        if unlabelled:
            notes = [*notes, f"{counted(unlabelled, 'recording')} skipped: no labels"]
        if bad:
            notes = [*notes, "\n  ".join([f"{counted(len(bad), 'recording')} skipped:", *first_of(bad)])]
        if not kept:
            raise DataError(f"{self.source} has no {split} recordings with labels that can be used{_first(bad)}")
        frames = [build(features).of_clip(clip) for clip in kept]
        examples = SequenceSet(frames, {label: labels}, [clip.name for clip in kept])
        return LabelledClips(ClipSet(kept, clips.sample_rate, clips.label_classes, clips.report), examples, notes)

    def _of_one(self, item: Item, file: Path) -> Labelled:
        if file.suffix in GRIDS:
            return Labelled(read_textgrid(file, self.tier), file)
        if file.suffix == AUDACITY:
            return Labelled(read_audacity(file), file)
        if file.suffix == LAB:
            return Labelled(read_lab(file), file)
        found, names = OF_MANY[file.suffix](file), _ids(item.name)
        own = next((found[name] for name in names if name in found), None)
        if own is None:
            raise DataError(f"{file} has labels of '{next(iter(found))}', not of '{item.path.stem}' beside it")
        return Labelled(own, file)

    def _only(self, root: Path) -> Path:
        files = sorted(one for one in root.iterdir() if one.suffix in OF_MANY and one.is_file())
        if len(files) == 1:
            return files[0]
        if not files:
            raise DataError(
                f"{self.source} has no labels of frames: put a .TextGrid, .ctm, .rttm, .mlf, .lab or Audacity's .txt "
                "beside each recording, or one .ctm, .rttm or .mlf for all into the folder"
            )
        names = ", ".join(one.name for one in files)
        raise DataError(f"{self.source} has several files of labels: {names}; set data.labels to one of them")

    def _of_all(self, items: Sequence[Item], file: Path) -> tuple[dict[str, Labelled], list[str]]:
        if file.suffix not in OF_MANY:
            raise DataError(f"{file} is not a file of labels of many recordings (.ctm, .rttm, .mlf)")
        recordings = OF_MANY[file.suffix](file)
        found, used = {}, set()
        for one in items:
            name = next((name for name in _ids(one.name) if name in recordings), None)
            if name is not None:
                found[one.name] = Labelled(recordings[name], file)
                used.add(name)
        if not found:
            first, other = next(iter(recordings)), items[0].path.stem
            raise DataError(f"{file} labels none of the recordings: it is of '{first}', and they are '{other}' …")
        strangers = [name for name in recordings if name not in used]
        notes = [f"{file}: labels of {counted(len(strangers), 'recording')} left out, not in the folder "
                 f"(first: '{strangers[0]}')"] if strangers else []  # fmt: skip
        return found, notes


@dataclass(frozen=True, eq=False)
class LabelledClips:
    """Labelled recordings of a split, their frames as examples, and notes for the user."""

    clips: ClipSet
    examples: SequenceSet
    notes: Sequence[str]


def _beside(sound: Path) -> Path | None:
    """The file of labels beside a recording."""
    for suffix in (*GRIDS, *OF_MANY):
        if (file := sound.with_suffix(suffix)).is_file():
            return file
    for suffix, is_one in ((LAB, is_lab), (AUDACITY, is_audacity)):
        if (file := sound.with_suffix(suffix)).is_file() and is_one(file):
            return file
    return None


def _ids(name: str) -> list[str]:
    """The names by which a file of labels may call a recording."""
    plain = name.rpartition(".")[0]
    return [plain, plain.removeprefix(WAVS), plain.rpartition("/")[2], name, name.rpartition("/")[2]]


def _first(bad: Sequence[str]) -> str:
    return f"; the first: {bad[0]}" if bad else ""
