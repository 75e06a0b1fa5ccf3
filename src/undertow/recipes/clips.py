"""A recipe's data: which set or folder is meant, its clips, and the labels a model of them is to know."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from undertow.config import Count, config, nearest
from undertow.data.catalogue import CATALOGUE, audio_set, holds, locate
from undertow.data.clips import ClipSet
from undertow.data.fetch import fetch
from undertow.data.folder import SPLITS
from undertow.data.load import list_source, load_clips
from undertow.data.synthetic import PLUCKED
from undertow.errors import DataError, UsageError
from undertow.recipes.callbacks import Downloads, Say

AUTO = "auto"
CLIPS_A_CLASS = 2  # a label with fewer clips a class on average tells clips apart, not kinds of clips


@config
class AudioData:
    """Where clips come from, and how they are cut.

    Attributes:
        source: a named set, "plucked" (notes that the package synthesises), or a folder.
        path: where a named set lies, when it is neither in UNDERTOW_DATA nor in the cache.
        sample_rate: Hz that everything is resampled to; the set's own where it is not given.
        label_pattern: how a folder's file names tell labels, such as "{digit}_{speaker}_{take}".
        trim_decibels: cut both ends where they stay this far below the loudest 10 ms (-40, say); None: as they are.
        crop_steps: samples of a training crop at most; None: whole clips.
    """

    kind: Literal["audio"] = "audio"
    source: str | None = None
    path: str | None = None
    sample_rate: Count | None = None
    label_pattern: str | None = None
    trim_decibels: Annotated[float, Field(lt=0)] | None = None
    crop_steps: Count | None = None


def choose(data: AudioData, given: str | Path | None) -> AudioData:
    """The data section with what a user gave in place of its source.

    A folder that is laid out as the named set the recipe asks for, or holds it, is taken as that set.

    Raises:
        UsageError: neither the recipe nor the user names a source, or it is a named set of something else.
    """
    if given is None:
        if data.source is None:
            raise UsageError("this recipe is for any sound: give it a folder of recordings, or a named set, as --data")
        return data
    if data.source in CATALOGUE and Path(given).is_dir() and holds(Path(given), data.source):
        return replace(data, path=str(Path(given).resolve()))
    if str(given) in CATALOGUE:
        audio_set(str(given))
    if str(given) in (*CATALOGUE, PLUCKED):
        return replace(data, source=str(given), path=None, label_pattern=None)
    source = Path(given).resolve() if Path(given).is_dir() else given
    return replace(data, source=str(source), path=None)


def fetch_if_missing(data: AudioData, downloads: Downloads = nullcontext) -> None:
    """Download the section's named set where it is not on this machine; `downloads()` is open meanwhile.

    Raises:
        DataError: it cannot be had.
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
    """The splits that the source holds any clip of: a folder of one file, or one that names its own, may lack some.

    Raises:
        DataError: the source is not there, or not laid out as it must be.
    """
    assert data.source is not None
    if data.source in (*CATALOGUE, PLUCKED):
        return list(SPLITS)
    there = {item.split for item in list_source(data.source, label_pattern=data.label_pattern)}
    return [split for split in SPLITS if split in there]


def choose_labels(wanted: Sequence[str] | Literal["auto"], clips: ClipSet) -> tuple[dict[str, list[str]], list[str]]:
    """Classes by name of the labels a model is to know, and the names of those left out.

    "auto" leaves out labels of a single class, and those with about as many classes as clips (a take, a transcript).

    Raises:
        DataError: the data has no such label.
    """
    known = {name: list(classes) for name, classes in clips.label_classes.items()}
    if wanted != AUTO:
        for name in wanted:
            if name not in known:
                has = nearest(name, known) if known else "; it has no labels"
                raise DataError(f"the data has no label '{name}'{has} (model.conditioner.labels chooses)")
        return {name: known[name] for name in wanted}, []
    useful = {name: classes for name, classes in known.items() if 1 < len(classes) <= len(clips) / CLIPS_A_CLASS}
    return useful, [name for name in known if name not in useful]


def tell_of_files(clips: ClipSet, tell: Say) -> None:
    """Say what reading the clips met: files that were resampled, mixed down, trimmed or skipped."""
    for line in clips.report.lines():
        tell(line)


def summary(clips: ClipSet) -> dict[str, Any]:
    """What a card says of a split: clips, seconds, and files that were skipped or changed."""
    return {
        "num_clips": len(clips),
        "seconds": round(clips.seconds, 3),
        "num_samples": clips.num_samples,
        "num_skipped": len(clips.report.bad),
        "changes": dict(clips.report.changes),
        "trimmed_seconds": round(clips.report.trimmed_seconds, 3),
    }
