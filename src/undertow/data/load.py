"""Read clips of a named set, a folder or a file, for training, scoring and generation."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from undertow.config import nearest
from undertow.data.audio import SoundFile
from undertow.data.catalogue import CATALOGUE, audio_set, cache_folder, open_set
from undertow.data.clip_reader import WHOLE, ClipReader, Outcome
from undertow.data.clips import ClipSet, Report
from undertow.data.features import FramesConfig
from undertow.data.folder import ALL, SPLITS, Item, Layout, Listing, NothingUsable, label_classes, read_layout
from undertow.data.name_pattern import compile_pattern
from undertow.data.sound_formats import KNOWN, is_sound, remedy
from undertow.data.spool import Spool
from undertow.data.synthetic import PLUCKED, PLUCKED_RATE, plucked_strings
from undertow.errors import DataError, UsageError, counted

SHARES_OF_ONE = {"train": (0.0, 0.9), "validation": (0.9, 0.95), "test": (0.95, 1.0), ALL: WHOLE}  # as of a text


def load_clips(
    source: str | Path,
    split: str = "train",
    sample_rate: int | None = None,
    *,
    path: str | Path | None = None,
    label_pattern: str | None = None,
    trim_decibels: float | None = None,
    features: Any = None,
    cuts_one: bool = True,
) -> ClipSet:
    """Read one split of a named set, of a folder of audio, or of one file.

    The clips of large sets are in files that vanish with the process; see `undertow.data.spool`. Files that cannot be
    used (corrupt, truncated, empty, NaN, silent, without the frames they need) are skipped and reported.

    Args:
        source: a name of the catalogue, "plucked" (notes the package synthesises), a folder, or a file.
        split: "train", "validation", "test", or "all".
        sample_rate: Hz; None: the published rate of a named set, the commonest rate of a folder.
        path: a named set's folder, if it is neither in UNDERTOW_DATA nor in the cache.
        label_pattern: for a folder, such as "{digit}_{speaker}_{take}" (see `undertow.data.folder.Layout`).
        trim_decibels: cut both ends where they stay this far below the loudest 10 ms (such as -40); None: not.
        features: config of the frames that condition the model. Those of kind "frames" are read beside each file (see
            `undertow.data.frames`); others are computed later, from the clips.
        cuts_one: cut a recording that is alone into splits, as text is: its end is held out (see `is_one`).

    Raises:
        UsageError: an unknown split, a threshold that is not negative, or frames where clips are trimmed or synthesised
            or have another rate.
        DataError: the source is missing or incomplete, or the split has no clip that can be used.
    """
    if split not in (*SPLITS, ALL):
        raise UsageError(f"unknown split '{split}'{nearest(split, [*SPLITS, ALL])}")
    if trim_decibels is not None and trim_decibels >= 0:
        raise UsageError(f"trim_decibels is {trim_decibels:g}; it must be below 0, such as -40")
    frames = features if isinstance(features, FramesConfig) else None
    if frames is not None and (trim_decibels is not None or source == PLUCKED):
        what = "trimmed" if trim_decibels is not None else "synthesised"
        raise UsageError(f"features of kind 'frames' go with whole recordings; these clips are {what}")
    if source == PLUCKED:
        return plucked_strings(split, sample_rate=sample_rate or PLUCKED_RATE)
    listing = read_source(source, path=path, label_pattern=label_pattern)
    items = listing.items
    part = SHARES_OF_ONE[split] if cuts_one and is_one(items) else WHOLE
    chosen = items if part != WHOLE else [item for item in items if split in (item.split, ALL)]
    if not chosen:
        raise DataError(f"{source} has no {split} clips: {counted(len(items), 'file')} in other splits")
    rate = sample_rate or own_rate(source, items)
    if frames is not None and frames.sample_rate != rate:
        raise UsageError(f"the features are for {frames.sample_rate} Hz, the clips have {rate} Hz")
    with Spool(cache_folder() / "waves") as spool, ThreadPoolExecutor() as pool:
        reader = ClipReader(rate, trim_decibels, frames, part, spool)
        outcomes = list(map(reader.mapped, list(pool.map(reader.read, chosen))))
    clips = [outcome.clip for outcome in outcomes if outcome.clip is not None]
    report = _report(chosen, outcomes, rate, listing.notes)
    if not clips:
        reason = next(iter(report.bad.values()))
        many = f"none of the {len(chosen)} {split} files of {source} can be used; the first"
        raise NothingUsable(
            f"{many if len(chosen) > 1 else f'the only {split} file of {source} cannot be used'}: {reason}"
        )
    return ClipSet(clips, rate, label_classes(items), report)


def list_source(source: str | Path, *, path: str | Path | None = None, label_pattern: str | None = None) -> list[Item]:
    """The audio files of a named set or a folder, or a file alone, with labels and splits; see `read_source`."""
    return read_source(source, path=path, label_pattern=label_pattern).items


def read_source(source: str | Path, *, path: str | Path | None = None, label_pattern: str | None = None) -> Listing:
    """The audio files of a named set or a folder, or a file alone, with labels and splits, and how they were found.

    Raises:
        UsageError: `path` for a folder, or a label pattern for a named set.
        DataError: it is missing, or not laid out as it must be.
    """
    if source in CATALOGUE:
        if label_pattern is not None:
            raise UsageError(f"{source} has its own labels; a label pattern is for a folder")
        return Listing(open_set(str(source), None if path is None else Path(path))[1], "named set")
    if path is not None:
        raise UsageError(f"a path goes with a named set, and '{source}' is not one{nearest(str(source), CATALOGUE)}")
    where = Path(source)
    if where.is_file():
        return Listing([_one(where, label_pattern)], "one file")
    if not where.is_dir():
        raise DataError(
            f"'{source}' is neither a folder, a file nor a named set{nearest(str(source), [*CATALOGUE, PLUCKED])}"
        )
    return read_layout(where, Layout(label_pattern=label_pattern))


def is_one(items: Sequence[Item]) -> bool:
    """Whether there is one recording alone, not in a folder for validation or test: its splits are parts of it."""
    return len(items) == 1 and items[0].split == "train"


def _one(path: Path, label_pattern: str | None) -> Item:
    """A file as the only one of its folder."""
    if not is_sound(path):
        what = "is audio in a format that is not read" if remedy(path) else "is not an audio file"
        raise DataError(f"{path} {what} ({KNOWN}){remedy(path)}")
    labels = {} if label_pattern is None else compile_pattern(label_pattern)(path.name)
    return Item(path, path.name, labels, "train")


def _report(items: Sequence[Item], outcomes: Sequence[Outcome], sample_rate: int, notes: tuple[str, ...]) -> Report:
    num_trimmed = sum(outcome.num_trimmed for outcome in outcomes)
    num_read = num_trimmed + sum(len(outcome.clip) for outcome in outcomes if outcome.clip is not None)
    return Report(
        num_files=len(items),
        notes=notes,
        bad={item.name: outcome.reason for item, outcome in zip(items, outcomes, strict=True) if outcome.reason},
        changes=Counter(note for outcome in outcomes for note in outcome.notes),
        trimmed_seconds=num_trimmed / sample_rate,
        trimmed_share=num_trimmed / max(1, num_read),
    )


def own_rate(source: str | Path, items: Sequence[Item]) -> int:
    """Hz: as published, or the commonest of a folder's files (the higher of two as common).

    Raises:
        DataError: no file can be read.
    """
    if source == PLUCKED:
        return PLUCKED_RATE
    if source in CATALOGUE:
        return audio_set(str(source)).sample_rate
    rates: Counter[int] = Counter()
    reasons = []
    for item in items:
        try:
            rates[SoundFile(item.path).source_rate] += 1
        except DataError as error:  # reading it will report why
            reasons.append(str(error))
    if not rates:
        raise DataError(f"none of the {len(items)} audio files of {source} can be read; the first: {reasons[0]}")
    return max(rates, key=lambda rate: (rates[rate], rate))
