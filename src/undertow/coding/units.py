"""The units of recordings: written for other tools, and measured.

L frames, G groups of codes a frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from undertow.arguments import checked
from undertow.callbacks import OnProgress
from undertow.checkpoint import AnyModel, model_given
from undertow.coding.adaptive import Adaptive
from undertow.coding.codec import code_point
from undertow.coding.prior import Prior, digest
from undertow.coding.unit_quality import Purity, Rates, Usage, purity, rates, usage
from undertow.data.audio import SoundFile
from undertow.data.folder import ALL, Item
from undertow.data.load import list_source, load_clips
from undertow.data.synthetic import PLUCKED
from undertow.data.unit_files import About, Format, UnitRow, stem_of, write_units
from undertow.errors import DataError, UsageError
from undertow.models import require_probabilities
from undertow.representation.sources import ModelFrames
from undertow.representation.targets import MEL, PHONE, find_target


@dataclass(frozen=True)
class Quality:
    """How good units are.

    Attributes:
        usage: how many are used.
        rates: bits a second.
        target: the label that they are compared with, and `purity` how well they tell it; None without one.
        seconds: of the sounds.
    """

    usage: Usage
    rates: Rates
    target: str | None
    purity: Purity | None
    seconds: float


@dataclass(frozen=True, eq=False)
class Units:
    """The units of recordings.

    Attributes:
        rows: of each recording.
        about: what they are.
        files: that were written.
        quality: how good they are, if that was asked.
        notes: for the user, on recordings that were left out or changed.
    """

    rows: Sequence[UnitRow]
    about: About
    files: Sequence[Path] = ()
    quality: Quality | None = None
    notes: Sequence[str] = ()

    @property
    def seconds(self) -> float:
        """Length of the sounds."""
        return sum(row.seconds for row in self.rows)


@checked
def units(
    model: AnyModel,
    data: str | Path,
    *,
    out: str | Path | None = None,
    format: Format = "jsonl",
    deduplicate: bool = False,
    split: str = ALL,
    at: str | None = None,
    label_pattern: str | None = None,
    score: bool = False,
    target: str | None = None,
    labels: str | Path | None = None,
    tier: str | None = None,
    prior: AnyModel | None = None,
    progress: OnProgress | None = None,
) -> Units:
    """Turn recordings into units; write them for other tools, measure them, or both.

    Args:
        model: one with codes, or the folder of a checkpoint or of a run.
        data: a named set, a folder or a file.
        out: a folder for the files, which is made if it is missing; existing files are replaced.
        format: "jsonl", JSON lines; "km", a manifest, units and a dictionary as fairseq reads them; "tsv", a table of
            the runs of a unit with their times, and no manifest. See `undertow.data.unit_files`.
        deduplicate: write each run of a unit once; not of "tsv", which is of runs.
        split: "train", "validation", "test" or "all"; files are named after it, and those of "all" `units`. In format
            "km" those of "validation" are `valid`, as fairseq calls it.
        at: point of the model; by default the last that has codes.
        label_pattern: labels in the folder's file names, such as "{digit}_{speaker}_{take}".
        score: measure the units.
        target: a label to compare them with, such as "digit"; or the labels of intervals, which "phone" always means.
        labels: file of these for all recordings (.ctm, .rttm, .mlf); by default what is beside them.
        tier: of TextGrids.
        prior: a model of the units, for the coded bits a second; by default adaptive counts are used.
        progress: called now and then with the recordings done and those in all.

    Raises:
        UsageError: the model has no codes there, or options that do not go together.
        DataError: the data is missing, or has no recording that can be used.
    """
    if not score and any(one is not None for one in (target, labels, tier, prior)):
        raise UsageError("target, labels, tier and prior are for the score; ask for it too, with score")
    if target == MEL:
        raise UsageError("target is 'mel', which has numbers and no classes; give a label, or phone")
    if format == "tsv" and deduplicate:
        raise UsageError("format tsv is a table of runs, a line each; leave out deduplicate")
    ready = model_given(model, "represent")
    source = ModelFrames(ready, code_point(ready) if at is None else at)
    clips = load_clips(data, split, source.sample_rate, label_pattern=label_pattern)
    items = _items(data, label_pattern)
    wanted = PHONE if target is None and labels is not None else target
    known = None if wanted is None else find_target(clips, wanted, str(data), labels, tier)
    if known is not None and not known.values:
        raise DataError(f"no recording of {data} has a label '{wanted}' to compare the units with; see split")
    rows, labelled = [], []
    for number, clip in enumerate(clips):
        codes = source.codes_of_clip(clip)
        item = items.get(clip.name)
        told = None if item is None else item.split
        rows.append(UnitRow(clip.name, codes, len(clip) / clips.sample_rate, told, _length(item, len(clip))))
        if known is not None and number in known.values:
            classes = known.of(number, clip, len(codes), source.rate, clips.sample_rate)
            labelled.append((codes, np.broadcast_to(classes, len(codes))))
        if progress is not None:
            progress(number + 1, len(clips))
    about = About(source.num_codes, source.rate, source.hop, digest(ready).hex(), deduplicate)
    quality = None
    if score:
        coder = Adaptive(source.num_codes) if prior is None else _prior(prior, source.num_codes)
        quality = _quality(rows, source.rate, coder, wanted, labelled)
    stem = stem_of(split, format)
    files = [] if out is None else write_units(Path(out), rows, about, _root(data, items), format, stem)
    return Units(rows, about, files, quality, [*clips.report.lines(), *(() if known is None else known.notes)])


def _quality(
    rows: Sequence[UnitRow],
    rate: float,
    coder: Adaptive | Prior,
    target: str | None,
    labelled: Sequence[tuple[np.ndarray, np.ndarray]],
) -> Quality:
    recordings, seconds = [row.codes for row in rows], sum(row.seconds for row in rows)
    compared = None
    if target is not None:
        codes, classes = (np.concatenate(parts) for parts in zip(*labelled, strict=True))
        if classes.dtype.kind != "i" or not (classes >= 0).any():
            raise DataError(f"no frame has a class of '{target}' to compare the units with")
        compared = purity(codes[classes >= 0], classes[classes >= 0])
    found = usage(recordings, coder.num_codes)
    return Quality(found, rates(recordings, seconds, rate, coder), target, compared, seconds)


def _prior(prior: AnyModel, num_codes: tuple[int, ...]) -> Prior:
    return Prior(require_probabilities(model_given(prior, "generate"), "the prior is"), num_codes)


def _items(data: str | Path, label_pattern: str | None) -> dict[str, Item]:
    """The files of the data by name, with their splits; none of synthesised notes."""
    if str(data) == PLUCKED:
        return {}
    return {one.name: one for one in list_source(data, label_pattern=label_pattern)}


def _root(data: str | Path, items: dict[str, Item]) -> str:
    """The folder that names of recordings begin at."""
    first: Any = next(iter(items.values()), None)
    return str(data) if first is None else str(first.path.parents[first.name.count("/")].resolve())


def _length(item: Item | None, num_samples: int) -> int:
    """Samples of a recording's own file."""
    return num_samples if item is None else SoundFile(item.path).num_frames
