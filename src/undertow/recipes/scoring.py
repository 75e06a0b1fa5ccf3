"""A model held against data by name: read as the model was trained on it, and scored."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from undertow.config import nearest
from undertow.data.folder import ALL
from undertow.errors import DataError, UsageError
from undertow.evaluation.sequence_likelihood import Protocol
from undertow.generation.beam import LENGTH_PENALTY
from undertow.models import Autoregressive, Model, Seq2Seq
from undertow.recipes.callbacks import Say, silent
from undertow.recipes.tasks import TASKS, DataConfig
from undertow.recipes.tasks.task import Asked, Scored

KINDS = {
    "sound": "audio",
    "text": "text",
    "notes": "rolls",
    "images": "mnist",
    "symbols": "copy_memory",
    "numbers": "adding",
}
SOURCES = {"text": "pairs", "sound": "transcripts"}  # by what a sequence-to-sequence model reads
WHOLE = ("audio", "labelled_text", "pairs")  # kinds of data whose splits may be scored together


def score(
    model: Model,
    source: str | Path | DataConfig,
    *,
    split: str | None = None,
    label_pattern: str | None = None,
    protocol: Protocol = "full",
    metrics: Sequence[str] = (),
    beam: int | None = None,
    length_penalty: float | None = None,
    say: Say = silent,
) -> Scored:
    """One split of some data under a model: bits a symbol beside baselines, a classifier's errors, a
    translator's BLEU, or the word error of a recogniser of speech.

    Args:
        source: a named set, a folder or a file; or the data section that a model was trained with.
        split: "test", "validation", "train", of sound, pairs and labelled text "all", or of speech "speaker" where
            one is held out; when not given, test, else validation.
        label_pattern: of a folder's file names, such as "{digit}_{speaker}_{take}".
        protocol: of a model of symbols without a clock: "full", each given all before it; "windows", random windows.
        metrics: of a translator: "bleu", "chrf" and "nll"; all by default.
        beam: hypotheses that the search for a target keeps; 1 is greedy, and 5 what is taken when not given.
        length_penalty: of that search; 0 ranks by likelihood alone, and 0.6 is what is taken when not given.
        say: takes lines on files that were resampled or skipped.

    Raises:
        UsageError: an unknown split or metric, a bad pattern, or data of another kind than the model's.
        DataError: the data cannot be used, or has what the model does not know.
    """
    if model.is_density:
        raise UsageError("this model gives densities: they are not probabilities, and there are no bits to score")
    if (metrics or beam is not None or length_penalty is not None) and not isinstance(model, Seq2Seq):
        raise UsageError(
            f"metrics and a beam are for a model that writes a target; this one is of kind {model.config.kind}"
        )
    data = chosen(model, source, label_pattern)
    task = TASKS[data.kind]
    there = task.splits(data)
    if split is None:
        split = next((one for one in ("test", "validation") if one in there), None)
        if split is None:
            raise DataError(f"{task.name(data)} holds nothing out; --split {there[0]} is what the model learnt from")
    elif split not in there and not (split == ALL and data.kind in WHOLE):
        raise UsageError(f"unknown split '{split}'{nearest(split, list(there))}")
    beam = 5 if beam is None else beam
    penalty = LENGTH_PENALTY if length_penalty is None else length_penalty
    return task.score(data, model, split, Asked(protocol, tuple(metrics), beam, penalty), say)


def chosen(model: Any, source: Any, label_pattern: str | None = None) -> Any:
    """The data section of a kind that fits a model, with what a user gave as its source."""
    if not isinstance(source, str | Path):
        data = source
    else:
        kind = KINDS[model.alphabet.real]
        if isinstance(model, Seq2Seq):
            kind = SOURCES["sound" if model.source_alphabet is None else model.source_alphabet.real]
        elif kind == "text" and not isinstance(model, Autoregressive):
            kind = "labelled_text"
        data = TASKS[kind].choose(TASKS[kind].Config(), source)
        if kind == "pairs":
            read, written = model.config.direction
            data = replace(data, source_language=read, target_language=written)
    if label_pattern is None:
        return data
    if data.kind not in ("audio", "transcripts"):
        raise UsageError("label_pattern is for a folder of sound")
    return replace(data, label_pattern=label_pattern)
