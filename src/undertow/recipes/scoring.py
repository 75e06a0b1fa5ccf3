"""A model held against data by name: read as the model was trained on it, and scored."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from undertow.callbacks import Say, silent
from undertow.config import nearest
from undertow.data.folder import ALL
from undertow.data.needs import Needs
from undertow.errors import DataError, UsageError
from undertow.evaluation import SCORERS, Asked, Scored
from undertow.evaluation.likelihood import Protocol
from undertow.evaluation.scorers import NEED_TRAINING_DATA, check_asked
from undertow.models import Model
from undertow.options import SEARCH, changed
from undertow.recipes.feeding import check_pairs
from undertow.recipes.tasks import TASKS, DataConfig

KINDS = {
    "sound": "audio",
    "text": "text",
    "notes": "rolls",
    "images": "mnist",
    "symbols": "copy_memory",
    "numbers": "adding",
}
SOURCES = {"text": "pairs", "sound": "transcripts"}  # by what a model reads before it writes
LABELLED = {"text": "labelled_text"}  # where a model predicts a label
WHOLE = ("audio", "labelled_text", "pairs")  # kinds of data whose splits may be scored together


def score(
    model: Model,
    source: str | Path | DataConfig,
    *,
    split: str | None = None,
    label_pattern: str | None = None,
    protocol: Protocol = "full",
    metrics: Sequence[str] = (),
    say: Say = silent,
    **options: Any,
) -> Scored:
    """Score a model on one split of some data: bits a symbol compared with baselines, a classifier's errors, a
    translator's BLEU, or the word error of a recogniser of speech.

    Args:
        source: a named set, a folder or a file; or the data section that a model was trained with.
        split: "test", "validation", "train", of sound, pairs and labelled text "all", or of speech "speaker" where
            one is held out; when not given, test, else validation.
        label_pattern: of a folder's file names, such as "{digit}_{speaker}_{take}".
        protocol: of a model of symbols without a clock: "full", each given all before it; "windows", random windows.
        metrics: of a translator: "bleu", "chrf" and "nll"; all by default.
        say: takes lines on files that were resampled or skipped.
        options: of a model that writes texts, fields of `undertow.options.Search` by their names, such as beam=5.

    Raises:
        UsageError: an unknown split, metric or option, a bad pattern, an option that is not for this model, or data
            of another kind than the model's.
        DataError: the data cannot be used, or has what the model does not know.
    """
    search = changed(SEARCH, options) if options else None
    asked = Asked(protocol=protocol, metrics=tuple(metrics), search=search)
    check_asked(model, asked)
    data, needs = chosen(model, source, label_pattern), model.needs
    kind = TASKS[data.kind]
    there = kind.splits(data)
    if split is None:
        split = next((one for one in ("test", "validation") if one in there), None)
        if split is None:
            raise DataError(f"{kind.name(data)} holds nothing out; --split {there[0]} is what the model learnt from")
    elif split not in there and not (split == ALL and data.kind in WHOLE):
        raise UsageError(f"unknown split '{split}'{nearest(split, list(there))}")
    examples = kind(kind.to_score(data), say).read(split, needs)
    if needs.source is not None:
        check_pairs(needs, examples, "it can be translated in parts, but not scored")
    train = None
    if model.scorer in NEED_TRAINING_DATA and "train" in there:
        train = examples if split == "train" else kind(data).read("train", needs)
    return SCORERS[model.scorer](model, examples, train, split, asked)


def chosen(model: Model, source: Any, label_pattern: str | None = None) -> Any:
    """The data section of a kind that fits a model, with what a user gave as its source."""
    if not isinstance(source, str | Path):
        data = source
    else:
        needs = model.needs
        kind = TASKS[_kind(needs)]
        data = kind.choose(kind.Config(), source)
        if data.kind == "pairs" and needs.source is not None:
            read, written = needs.source.direction
            data = replace(data, source_language=read, target_language=written)
    if label_pattern is None:
        return data
    if data.kind not in ("audio", "transcripts"):
        raise UsageError("label_pattern is for a folder of sound")
    return replace(data, label_pattern=label_pattern)


def _kind(needs: Needs) -> str:
    if needs.source is not None:
        return SOURCES[needs.source.real]
    real = needs.alphabet.real
    return LABELLED.get(real, KINDS[real]) if needs.predicted is not None else KINDS[real]
