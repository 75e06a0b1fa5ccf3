"""Score a model on data, which is read as in training."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from undertow.alphabets.skipping import Skipped
from undertow.arguments import check_path, checked, several
from undertow.callbacks import OnProgress, Say, silent, unwatched
from undertow.checkpoint import AnyModel, model_given
from undertow.config import nearest
from undertow.data.folder import ALL
from undertow.data.needs import Needs
from undertow.errors import DataError, UsageError
from undertow.evaluation import SCORERS, Asked, Scored
from undertow.evaluation.likelihood import Protocol
from undertow.evaluation.scorers import check_asked
from undertow.evaluation.sound_metrics import SOUND_METRICS
from undertow.evaluation.sound_score import SoundScore
from undertow.evaluation.tag_scores import COLLAR
from undertow.models import Model
from undertow.options import SEARCH, changed
from undertow.recipes.feeding import check_pairs
from undertow.recipes.sound_pairs import are_sounds, check_drawn, draws_again, score_drawn, score_folders
from undertow.recipes.tasks import TASKS, DataConfig
from undertow.recipes.teaching import teacher_of

KINDS = {
    "sound": "audio",
    "text": "text",
    "notes": "rolls",
    "images": "images",
    "tokens": "conll",
    "symbols": "copy_memory",
    "numbers": "adding",
}
SOURCES = {"text": "pairs", "sound": "transcripts"}  # tasks by the kind of a model's source
LABELLED = {"text": "labelled_text"}  # tasks of models that predict a label
LABELLED_STEPS = {("images", True): "segmentation", ("images", False): "denoising"}  # for each step; of classes or not
# kinds of data whose splits may be scored together
WHOLE = ("audio", "conll", "frame_labels", "images", "labelled_text", "pairs", "spaced_words", "speech")


@checked
def score(
    model: AnyModel,
    source: str | Path | DataConfig,
    *,
    split: str | None = None,
    label_pattern: str | None = None,
    protocol: Protocol = "full",
    metrics: str | Sequence[str] = (),
    collar: float | int = COLLAR,
    skip_unknown: bool = False,
    ignore_labels: bool = False,
    teacher: AnyModel | None = None,
    say: Say = silent,
    progress: OnProgress | None = None,
    **options: Any,
) -> Scored | SoundScore:
    """Score a model on one split: bits per symbol compared with baselines, a classifier's accuracy, a translator's
    BLEU, a speech recogniser's word error, the F1 of labels of steps, or the distance of sounds.

    Args:
        model: a model, or the folder of a checkpoint or of a run. Or a folder of sounds, or one sound, to compare with
            those of `source` that have the same names.
        source: a named set, a folder or a file; or the data section that a model was trained with.
        split: "test", "validation" or "train"; for sound, images, pairs and labelled text also "all"; for speech also
            "speaker", if one is held out. By default test, or else validation.
        label_pattern: labels in a folder's file names, such as "{digit}_{speaker}_{take}".
        protocol: if steps are not timed: "full", each symbol given all before it; or "windows", random windows.
        metrics: for a translator: one or more of "bleu", "chrf" and "nll"; for labels of pixels: of "miou",
            "miou-image", "pixel-accuracy" and "per-class"; for labels of steps: of "f1", "f1-strict", "accuracy" and
            "boundary-f"; by default all that apply. To compare sounds: names of `undertow.evaluation.sound_metrics`.
        collar: seconds by which a boundary between labels of frames may be off, for "boundary-f".
        skip_unknown: skip characters that the model's alphabet lacks, and count them; by default they are refused.
        ignore_labels: score as if no label, such as the speaker, were known. Without it, a class that the model does
            not know counts as unknown.
        say: called with lines on files that were resampled or skipped, and on skipped characters.
        progress: called now and then with how much is scored and how much there is: symbols, sequences or texts.
        options: for a model that writes texts, fields of `undertow.options.Search` by name, such as beam=5.

    Raises:
        UsageError: an unknown split, metric or option, a bad pattern, an option that this model does not take, or data
            of another kind than the model's.
        DataError: the data cannot be used, or holds symbols or labels that the model does not know.
    """
    search = changed(SEARCH, options) if options else None
    asked = Asked(protocol=protocol, metrics=tuple(several(metrics)), collar=collar, search=search)
    if isinstance(model, str | Path) and are_sounds(model, source):
        others = (split, label_pattern, teacher, skip_unknown or None, ignore_labels or None)
        if others != (None,) * len(others) or replace(asked, metrics=()) != Asked():
            raise UsageError("two folders of sounds are compared whole; of the options only metrics apply")
        return score_folders(model, str(source), metrics=asked.metrics, say=say, progress=progress or unwatched)
    ready: Model = model_given(model)
    of_sounds = bool(asked.metrics) and (draws_again(ready) or any(name in SOUND_METRICS for name in asked.metrics))
    if teacher is not None or (ready.is_taught and not of_sounds):
        asked = replace(asked, teacher=model_given(teacher_of(model) if teacher is None else teacher))
    if of_sounds:
        check_drawn(ready, asked.metrics)
        if replace(asked, metrics=()) != Asked():
            raise UsageError("metrics of sounds take no protocol, collar, search or teacher; leave them out")
    else:
        check_asked(ready, asked)
    skipped = Skipped()
    data, needs = chosen(ready, source, label_pattern), ready.needs.skipping(skipped) if skip_unknown else ready.needs
    if ignore_labels:
        needs = _without_labels(needs)
    kind = TASKS[data.kind]
    there = kind.splits(data)
    if split is None:
        split = next((one for one in ("test", "validation") if one in there), None)
        if split is None:
            raise DataError(f"{kind.name(data)} has no held-out split; --split {there[0]} scores the training data")
    elif split not in there and not (split == ALL and data.kind in WHOLE):
        raise UsageError(f"unknown split '{split}'{nearest(split, list(there))}")
    examples = kind(kind.to_score(data), say).read(split, needs)
    for note in skipped.notes:
        say(note)
    if needs.source is not None:
        check_pairs(needs, examples, "the model can translate it in parts, but not score it")
    if of_sounds:
        return score_drawn(ready, examples, split=split, metrics=asked.metrics, progress=progress or unwatched)
    train = None
    scorer = SCORERS[ready.scorer]
    if scorer.needs_training_data and "train" in there:
        train = examples if split == "train" else kind(data).read("train", needs)
    return scorer.score(ready, examples, train, split, asked, progress or unwatched)


def _without_labels(needs: Needs) -> Needs:
    """The needs of a model without the labels that it is conditioned on."""
    if needs.predicted is not None:
        raise UsageError(f"this model predicts the label '{needs.predicted.name}', which cannot be ignored")
    if not needs.classes:
        raise UsageError("this model is not conditioned on labels, so there are none to ignore")
    return replace(needs, classes={})


def chosen(model: Model, source: Any, label_pattern: str | None = None) -> Any:
    """The data section for a model, with the user's source."""
    check_path("source", source)
    if not isinstance(source, str | Path):
        kinds: tuple[Any, ...] = tuple(kind.Config for kind in TASKS.values())
        if not isinstance(source, kinds):
            raise UsageError(f"source is {source!r:.60}; it must be a named set, a folder, a file, or a data section")
        data = source
    else:
        needs = model.needs
        kind = TASKS[_kind(needs)]
        data = kind.choose(kind.Config(), source)
        if needs.script is not None:
            data = replace(data, symbols=needs.script.spells)
        if data.kind == "pairs" and needs.source is not None:
            read, written = needs.source.direction
            data = replace(data, source_language=read, target_language=written)
    if label_pattern is None:
        return data
    if data.kind not in ("audio", "transcripts", "spoken_text"):
        raise UsageError("label_pattern needs a folder of sound")
    return replace(data, label_pattern=label_pattern)


def _kind(needs: Needs) -> str:
    if needs.source is not None:
        return "spoken_text" if needs.alphabet.real == "numbers" else SOURCES[needs.source.real]
    if needs.script is not None:
        return "speech"
    real = needs.alphabet.real
    if needs.predicted is not None and needs.predicted.of_steps:
        found = LABELLED_STEPS.get((real, needs.predicted.classes is not None))
        if found is not None:
            return found
    if needs.features is not None and needs.predicted is not None and needs.predicted.of_steps:
        return "frame_labels"
    if real == "tokens" and needs.alphabet.unit == "character":
        return "spaced_words"
    return LABELLED.get(real, KINDS[real]) if needs.predicted is not None else KINDS[real]
