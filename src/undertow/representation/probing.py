"""What can be read from representations: probes for a target, at points of a model and of cepstra in the same run.

L frames, C channels, N rows, K classes or numbers.
"""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from undertow.arguments import checked, several
from undertow.callbacks import OnProgress
from undertow.checkpoint import AnyModel
from undertow.config import check_whole, nearest
from undertow.data.clips import ClipSet
from undertow.data.load import list_source, load_clips, own_rate
from undertow.errors import DataError, UsageError, shown
from undertow.memory_room import refuse_beyond
from undertow.representation.probe_results import OFF, RIGHT, Probed, ProbeRow
from undertow.representation.probes import PROBES, Rows, fit
from undertow.representation.sources import BASELINES, FolderFrames, FrameSource, ModelFrames, open_source
from undertow.representation.targets import Target, find_target, held_out_classes

SPLIT, MFCC = "split", "mfcc"
ASIDE = 10  # one of so many training clips chooses among probes
MOST_FRAMES = 100_000  # with a target each, to train on; of more, every so many-th


@checked
def probe(
    model: AnyModel,
    source: str | Path,
    *,
    target: str,
    at: str | Sequence[str] = (),
    probes: str | Sequence[str] = ("linear",),
    seeds: int = 3,
    held_out: str = SPLIT,
    labels: str | Path | None = None,
    tier: str | None = None,
    label_pattern: str | None = None,
    frequency: float | None = None,
    progress: OnProgress | None = None,
) -> Probed:
    """Train probes for a target on frozen representations of recordings, and test them on others.

    Of each seed a tenth of the training recordings is set aside, to choose among probes, so seeds differ even where
    nothing else is drawn. Cepstra (mfcc) are probed in the same way, for comparison.

    Args:
        model: a model that represents sound, or the folder of a checkpoint or of a run; "mfcc" or "fbank"; or a folder
            of `.npy` or `.pt` files, one for each recording.
        source: a named set, or a folder of recordings.
        target: a label of recordings, such as "speaker"; "phone", labels of intervals; or "mel", the spectrum.
        at: points of the model; by default all.
        probes: kinds of probes, "linear" and "mlp"; see `undertow.representation.probes`.
        seeds: how many.
        held_out: "split": train on the train split and test on the test split; or a label, such as "speaker": each seed
            tests on a fifth of its classes, which it draws.
        labels: file of labels of intervals of all recordings (.ctm, .rttm, .mlf); None: what is beside them.
        tier: of TextGrids.
        label_pattern: labels in names of files, such as "{digit}_{speaker}_{take}".
        frequency: frames a second, of a folder of files.
        progress: called after each recording with those done and those in all.

    Raises:
        UsageError: an option is wrong, or the model has no such point, or the data no such label.
        DataError: the data is missing, nothing can be held out, or all targets are the same.
    """
    began = time.perf_counter()
    check_whole("seeds", seeds, 1, 1000)
    kinds = [*dict.fromkeys(several(probes))]
    for kind in kinds:
        if kind not in PROBES:
            raise UsageError(f"unknown probe '{kind}'{nearest(kind, PROBES)}")
    if target == held_out:
        raise UsageError(f"held_out is '{shown(target)}', the target: a class that is held out is never learnt")
    sources, rate = _sources(model, [*dict.fromkeys(several(at))], frequency, str(source), label_pattern)
    clips, is_test, told = _clips(str(source), held_out, rate, label_pattern)
    found = find_target(clips, target, str(source), labels, tier)
    parts = [_part(clips, found, held_out, is_test, seed) for seed in range(seeds)]
    unseen = () if found.of_frames else _unseen(found, parts, held_out)
    examples = _examples(sources, clips, found, pooled=kinds == ["linear"], progress=progress)
    rows = []
    for one in sources:
        own = examples.pop(0)
        for kind in kinds:
            scored = [_score(kind, own, part, found, seed) for seed, part in enumerate(parts)]
            rows.append(_row(one, kind, found, scored))
    notes = (*dict.fromkeys(told), *found.notes, *unseen)
    return Probed(tuple(rows), notes, time.perf_counter() - began)


class _Part(NamedTuple):
    """Numbers of clips to train on, to choose probes by, and to test on."""

    train: list[int]
    aside: list[int]
    test: list[int]


class _Scored(NamedTuple):
    score: float
    chance: float
    num_train: int
    num_test: int


def _sources(
    model: Any, points: Sequence[str], frequency: float | None, source: str, label_pattern: str | None
) -> tuple[list[FrameSource], int]:
    """The representations to compare, the last one mfcc, and the sample rate of the clips."""
    found: list[FrameSource]
    if isinstance(model, str) and model in BASELINES:
        rate = own_rate(source, list_source(source, label_pattern=label_pattern))
        found = [open_source(model, *points[:1], sample_rate=rate, frequency=frequency)]
    else:
        first = open_source(model, *points[:1], frequency=frequency)
        found = [first.at(one) for one in points or first.model.points] if isinstance(first, ModelFrames) else [first]
        rate = first.sample_rate or own_rate(source, list_source(source, label_pattern=label_pattern))
    return (found if model == MFCC else [*found, open_source(MFCC, sample_rate=rate)]), rate


def _clips(
    source: str, held_out: str, sample_rate: int, label_pattern: str | None
) -> tuple[ClipSet, list[bool], list[str]]:
    """The clips of a set; which are in its test split, none of them if a label is held out; and what reading told."""
    names = ("train", "test") if held_out == SPLIT else ("all",)
    sets = [load_clips(source, name, sample_rate, label_pattern=label_pattern) for name in names]
    clips = [clip for one in sets for clip in one]
    is_test = [name == "test" for name, one in zip(names, sets, strict=True) for _ in one]
    told = [line for one in sets for line in one.report.lines()]
    return ClipSet(clips, sample_rate, sets[0].label_classes, sets[0].report), is_test, told


def _part(clips: ClipSet, target: Target, held_out: str, is_test: Sequence[bool], seed: int) -> _Part:
    """How the clips that have a target are divided for a seed."""
    usable = sorted(target.values)
    if held_out == SPLIT:
        train, test = [one for one in usable if not is_test[one]], [one for one in usable if is_test[one]]
    else:
        classes = held_out_classes([clips[one] for one in usable], held_out, seed)
        having = [one for one in usable if held_out in clips[one].labels]
        train = [one for one in having if clips[one].labels[held_out] not in classes]
        test = [one for one in having if clips[one].labels[held_out] in classes]
    for part, what in ((train, "train"), (test, "test")):
        if not part:
            raise DataError(f"no recording to {what} a probe on has a label '{shown(target.name)}'")
    order = np.random.default_rng([seed, 6]).permutation(train).tolist()
    num_aside = max(1, len(train) // ASIDE)
    return _Part(order[num_aside:] or order, order[:num_aside], test)


def _unseen(target: Target, parts: Sequence[_Part], held_out: str) -> tuple[str, ...]:
    """A note on test recordings of classes that no training recording has, which cannot be found right.

    Raises:
        DataError: all are.
    """
    num_unseen = num_tested = 0
    for part in parts:
        known = {target.values[one] for one in (*part.train, *part.aside)}
        num_unseen += sum(target.values[one] not in known for one in part.test)
        num_tested += len(part.test)
    if num_unseen == num_tested:
        raise DataError(
            f"no {target.name} of the test recordings is in the training recordings, with {held_out} held out; hold "
            "out another label"
        )
    share = num_unseen / num_tested
    return (f"{share:.1%} of the test recordings have a {target.name} that is not in training",) if num_unseen else ()


def _examples(
    sources: Sequence[FrameSource], clips: ClipSet, target: Target, pooled: bool, progress: OnProgress | None
) -> list[dict[int, Rows]]:
    """For each source, by number of a clip, its frames and what is to be found in them.

    Args:
        pooled: keep of a clip with one target the mean of its frames alone.
    """
    seconds, mean_alone = (
        sum(len(clips[one]) for one in target.values) / clips.sample_rate,
        pooled and not target.of_frames,
    )
    if not mean_alone:
        numbers = seconds * sum(one.rate * one.channels for one in sources)
        refuse_beyond(4 * numbers, "the frames of this data need", "probe fewer points, or less data")
    found: list[dict[int, Rows]] = [{} for _ in sources]
    for done, number in enumerate(target.values, start=1):
        clip = clips[number]
        for source, rows in zip(sources, found, strict=True):
            frames = source.of_clip(clip)
            if isinstance(source, FolderFrames):
                source.check_length(len(frames), len(clip) / clips.sample_rate, clip.name)
            wanted = target.of(number, clip, len(frames), source.rate, clips.sample_rate)
            rows[number] = _rows(frames, wanted, target, mean_alone)
        if progress is not None:
            progress(done, len(target.values))
    return found


def _rows(frames: np.ndarray, wanted: np.ndarray, target: Target, mean_alone: bool) -> Rows:
    x, y = torch.from_numpy(frames), torch.from_numpy(wanted)
    if mean_alone:
        x = x.double().mean(dim=0, keepdim=True).float()
    if not target.of_frames:
        return Rows(x, torch.tensor([len(x)]), y)
    if target.classes:
        x, y = x[y >= 0], y[y >= 0]
    return Rows(x, torch.ones(len(y), dtype=torch.int64), y)


def _score(kind: str, examples: dict[int, Rows], part: _Part, target: Target, seed: int) -> _Scored:
    """How well a probe does on clips that it was not trained on, and a guess without looking."""
    learnt = [one for one in (*part.aside, *part.train) if len(examples[one])] or part.train
    num_aside = min(len(part.aside), max(1, len(learnt) // ASIDE))
    parts = (learnt[num_aside:] or learnt, learnt[:num_aside], part.test)
    train, aside, test = (_joined([examples[one] for one in numbers]) for numbers in parts)
    if target.of_frames:
        train = _thinned(train)
    for rows, what in ((train, "train"), (aside, "train"), (test, "test")):
        if not len(rows):
            raise DataError(f"no frame to {what} a probe on has a label '{shown(target.name)}'")
    if target.classes and len(train.y.unique()) < 2:
        only = target.classes[int(train.y[0])]
        raise DataError(
            f"all recordings to train a probe on have the {target.name} '{shown(only)}': there is no choice"
        )
    found = fit(kind, train, aside, len(target.classes), seed)(test)
    guess = train.y.bincount().argmax() if target.classes else train.y.mean(dim=0)
    return _Scored(_measured(found, test.y), _measured(guess, test.y), len(train) + len(aside), len(test))


def _measured(found: Tensor, y: Tensor) -> float:
    """Per cent of right classes by (N, K) logits or one class, or the root of the mean squared error of numbers."""
    if y.is_floating_point():
        return float((found - y).double().square().mean().sqrt())
    return 100 * float(((found.argmax(dim=1) if found.ndim else found) == y).double().mean())


def _joined(rows: Sequence[Rows]) -> Rows:
    return Rows(*(torch.cat([getattr(one, name) for one in rows]) for name in ("x", "counts", "y")))


def _thinned(rows: Rows) -> Rows:
    """At most 100,000 rows, evenly spaced."""
    if len(rows) <= MOST_FRAMES:
        return rows
    return rows.pick(torch.linspace(0, len(rows) - 1, MOST_FRAMES, dtype=torch.float64).long())


def _row(source: FrameSource, kind: str, target: Target, scored: Sequence[_Scored]) -> ProbeRow:
    scores = tuple(one.score for one in scored)
    return ProbeRow(
        source.name,
        source.point or "",
        kind,
        target.name,
        RIGHT if target.classes else OFF,
        statistics.fmean(scores),
        statistics.stdev(scores) if len(scores) > 1 else 0.0,
        statistics.fmean(one.chance for one in scored),
        scores,
        scored[0].num_train,
        scored[0].num_test,
    )
