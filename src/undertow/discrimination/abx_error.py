"""The ABX error of a representation on an item file.

C channels.
"""

from pathlib import Path
from typing import Any, Literal

import numpy as np

from undertow.arguments import checked
from undertow.callbacks import OnProgress, Say, silent, unwatched
from undertow.checkpoint import AnyModel
from undertow.config import MOST, check_whole
from undertow.discrimination.cells import Comparison, across_speakers, groups_of, within_speakers
from undertow.discrimination.distances import Distance, Warped
from undertow.discrimination.items import Item, read_items
from undertow.discrimination.recordings import Recordings
from undertow.discrimination.score import Discrimination, cells_of
from undertow.discrimination.slicing import check_filled, check_room, cut, exact
from undertow.errors import DataError, UsageError, counted


@checked
def abx(
    item: str | Path,
    features: AnyModel,
    *,
    max_size_group: int,
    max_x_across: int | None = None,
    data: str | Path | None = None,
    speaker: Literal["within", "across"] = "within",
    context: Literal["within", "any"] = "within",
    distance: Distance = "angular",
    frequency: float | int | None = None,
    seed: int = 0,
    at: str | None = None,
    libri_light: bool = False,
    say: Say = silent,
    progress: OnProgress | None = None,
) -> Discrimination:
    """The ABX error: how often the frames of a sound are nearer to those of another sound than to those of its own.

    Args:
        item: the file that says where the sounds are (`undertow items` makes one).
        features: "mfcc", "fbank", a folder of .npy or .pt files named like the recordings, a model that represents
            sound, or its folder.
        max_size_group: at most so many items of a phone, context and speaker; below 0: all.
        max_x_across: across speakers, at most so many speakers of X for each A and B; below 0: all.
        data: the sounds, a named set or a folder; not of a folder of frames.
        speaker: X is of the same speaker as A and B, "within", or of another, "across".
        context: A, B and X have the same neighbours, "within", or "any".
        distance: of frames: "angular", "euclidean", "kl_symmetric" of probabilities, or "identical" of codes.
        frequency: frames a second, of a folder of frames.
        seed: chooses the items that take part where there are more than the caps.
        at: point of a model, such as "p_bn"; None: its best.
        libri_light: leave out the last frame of every item, as Libri-Light's tool does.
        say: called with a line if numpy finds the distances because there is no engine, and with one on items that lack
            their last frames.
        progress: called with how many comparisons are done, and how many there are.

    Raises:
        UsageError: an unknown choice, a missing or impossible cap, or see `undertow.representation.open_source`.
        DataError: the item file is wrong, an item has no frame, or more than its recording, a recording is missing,
            or there is nothing to compare.
    """
    most, most_x = _caps(speaker, max_size_group, max_x_across)
    check_whole("seed", seed, 0, 2**62 - 1)
    items = read_items(item)
    comparisons = _comparisons(items, speaker, context, (most, most_x), seed, item)
    recordings = Recordings(features, data, at, None if frequency is None else float(frequency), item)
    rate = exact(recordings.source.rate)
    check_filled(items, rate, libri_light, item)
    check_room(items, rate, recordings.source.channels)
    parts: list[Any] = [None] * len(items)
    num_short = 0
    for numbers, frames in recordings.frames(items, distance == "identical"):
        own = [items[number] for number in numbers]
        found, short = cut(frames, own, rate, libri_light, item)
        num_short += short
        for number, part in zip(numbers, found, strict=True):
            parts[number] = np.array(part)
    if num_short:
        say(f"{counted(num_short, 'item')} of {len(items):,} cut to the frames that are there, at ends of recordings")
    _check_channels(parts, distance)
    warped = Warped(parts, distance, say)
    settings = {
        "features": recordings.source.name,
        "at": recordings.source.point,
        "frequency": float(rate),
        "speaker": speaker,
        "context": context,
        "distance": distance,
        "max_size_group": max_size_group,
        "max_x_across": max_x_across if speaker == "across" else None,
        "seed": seed,
        "libri_light": libri_light,
    }
    return Discrimination([*cells_of(comparisons, warped, progress or unwatched)], len(items), settings)


def _caps(speaker: str, most: int, most_x: int | None) -> tuple[int | None, int | None]:
    """The caps; None for no cap."""
    check_whole("max_size_group", most, -MOST)
    least = 2 if speaker == "within" else 1
    if 0 <= most < least:
        raise UsageError(f"max_size_group is {most}; give at least {least}, or a number below 0 for no cap")
    if most_x is not None:
        check_whole("max_x_across", most_x, -MOST)
    if speaker == "within" and most_x is not None:
        raise UsageError(
            "max_x_across is for speaker across; within speakers X has the speaker of A and B: leave it out"
        )
    if speaker == "within":
        return most if most > 0 else None, None
    if most_x is None:
        raise UsageError("max_x_across is missing; across speakers give a cap, or a number below 0 for no cap")
    if most_x == 0:
        raise UsageError("max_x_across is 0; give at least 1, or a number below 0 for no cap")
    return most if most > 0 else None, most_x if most_x > 0 else None


def _comparisons(
    items: list[Item], speaker: str, context: str, caps: tuple[int | None, int | None], seed: int, path: str | Path
) -> list[Comparison]:
    """What to compare.

    Raises:
        DataError: there is nothing.
    """
    groups = groups_of(items, context == "any", caps[0], seed)
    speakers = {one.speaker for one in items}
    if speaker == "across" and len(speakers) < 2:
        raise DataError(f"{path} has one speaker, '{speakers.pop()}'; across speakers needs at least two")
    found = [*(within_speakers(groups) if speaker == "within" else across_speakers(groups, caps[1], seed))]
    if not found:
        where = "" if context == "any" else " in one context"
        needed = "two items of a phone by one speaker, and one of another phone by the same"
        if speaker == "across":
            needed = "items of two phones by one speaker, and one of the same phone by another"
        raise DataError(f"{path}: {counted(len(items), 'item')}, and nothing to compare: that needs {needed}{where}")
    return found


def _check_channels(parts: list[np.ndarray], distance: str) -> None:
    if parts[0].shape[1] == 1 and distance == "angular":
        raise UsageError("angular compares directions, which a single number does not have; use identical for codes")
