"""A recipe's sound: its named set or folder, its clips, and their labels."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from undertow.callbacks import Downloads, Say
from undertow.config import Count, Name, Number, Rate, config
from undertow.data.catalogue import CATALOGUE, audio_set, holds, locate
from undertow.data.clips import ClipSet
from undertow.data.fetch import fetch
from undertow.data.folder import SPLITS, Item, label_classes
from undertow.data.load import is_one, list_source, load_clips, own_rate
from undertow.data.synthetic import PITCHES, PLUCKED
from undertow.data.told import Label
from undertow.errors import UsageError

CLIPS_A_CLASS = 2  # a label with fewer clips per class names clips, not kinds of clips


@config
class AudioData:
    """Where clips come from, and how they are cut.

    Attributes:
        source: a named set, "plucked" (notes that the package synthesises), a folder, or a file.
        path: folder of a named set, if it is neither in UNDERTOW_DATA nor in the cache.
        sample_rate: resample everything to this rate in Hz; by default the set's own.
        label_pattern: labels in a folder's file names, such as "{digit}_{speaker}_{take}".
        trim_decibels: trim both ends where they are this far below the loudest 10 ms, such as -40; None: do not trim.
        crop_steps: largest number of samples of a training crop; None: whole clips.
        carry_state: each row of a batch continues the same row of the batch before, and its state (truncated
            back-propagation through time).
    """

    kind: Literal["audio"] = "audio"
    source: Name | None = None
    path: Name | None = None
    sample_rate: Rate | None = None
    label_pattern: Name | None = None
    trim_decibels: Annotated[float, Field(lt=0, ge=-1000), Number] | None = None
    crop_steps: Count | None = None
    carry_state: bool = False


def choose(data: AudioData, given: str | Path | None) -> AudioData:
    """The data section with the user's source, if one is given.

    A folder with the layout of the recipe's named set, or with that set inside, is taken as that set.

    Raises:
        UsageError: neither the recipe nor the user names a source, or it is a named set of something else.
    """
    if given is None:
        if data.source is None:
            raise UsageError("this recipe needs sound: give a folder of recordings, a file or a named set, as --data")
        return data
    if data.source in CATALOGUE and Path(given).is_dir() and holds(Path(given), data.source):
        return replace(data, path=str(Path(given).resolve()))
    if str(given) in CATALOGUE:
        audio_set(str(given))
    if str(given) in (*CATALOGUE, PLUCKED):
        return replace(data, source=str(given), path=None, label_pattern=None)
    source = Path(given).resolve() if Path(given).exists() else given
    return replace(data, source=str(source), path=None)


def fetch_if_missing(data: AudioData, downloads: Downloads = nullcontext) -> None:
    """Download the section's named set if it is not on this machine; `downloads()` is open meanwhile.

    Raises:
        DataError: the download failed.
    """
    if data.source in CATALOGUE and data.path is None and locate(data.source) is None:
        with downloads() as progress:
            fetch(data.source, progress=progress)


def open_clips(data: AudioData, split: str, sample_rate: int | None = None, features: Any = None) -> ClipSet:
    """The clips of one split ("all" for all), at the section's rate or the given one in Hz; see `load_clips`."""
    assert data.source is not None
    return load_clips(
        data.source,
        split,
        sample_rate or data.sample_rate,
        path=data.path,
        label_pattern=data.label_pattern,
        trim_decibels=data.trim_decibels,
        features=features,
    )


def splits(data: AudioData) -> list[str]:
    """The splits that have clips: a folder that names its own splits may lack some.

    Raises:
        DataError: the source does not exist, or has the wrong layout.
    """
    assert data.source is not None
    if data.source in (*CATALOGUE, PLUCKED):
        return list(SPLITS)
    items = list_source(data.source, label_pattern=data.label_pattern)
    there = set(SPLITS) if is_one(items) else {item.split for item in items}
    return [split for split in SPLITS if split in there]


def sample_rate(data: AudioData) -> int:
    """The section's rate in Hz, or else the data's; see `load_clips`."""
    assert data.source is not None
    return data.sample_rate or own_rate(data.source, _items(data))


def labels_of(data: AudioData) -> dict[str, Label]:
    """The labels of all files. A label with a single class is not useful, nor one with about as many classes as there
    are clips to train on (a take, a transcript).
    """
    if data.source == PLUCKED:
        return {"pitch": Label(tuple(PITCHES))}
    items = _items(data)
    most = sum(item.split == "train" for item in items) / CLIPS_A_CLASS
    classes = {name: tuple(values) for name, values in label_classes(items).items()}
    return {name: Label(values, is_useful=1 < len(values) <= most) for name, values in classes.items()}


def _items(data: AudioData) -> list[Item]:
    assert data.source is not None
    return [] if data.source == PLUCKED else list_source(data.source, path=data.path, label_pattern=data.label_pattern)


def tell_of_files(clips: ClipSet, split: str, tell: Say) -> None:
    """Report the notes on the folder, and files of a split that were resampled, mixed down, trimmed or skipped."""
    for line in clips.report.lines():
        tell(line if line in clips.report.notes else f"{split}: {line}")
