"""The output of `undertow score` for predictions, translations and speech: in words, and for `--json`."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, NamedTuple

from undertow.cli import (
    score_distillation,
    score_reconstruction,
    score_segmentation,
    score_self_supervised,
    score_speech,
    score_tags,
)
from undertow.errors import counted
from undertow.evaluation.contrast_score import ContrastScore
from undertow.evaluation.denoising import DenoisingScore
from undertow.evaluation.distillation import DistillationScore
from undertow.evaluation.masked_score import MaskedScore
from undertow.evaluation.mel_voice_score import MelVoiceScore
from undertow.evaluation.prediction import PredictionScore
from undertow.evaluation.reconstruction import ReconstructionScore
from undertow.evaluation.scorers import OtherScore
from undertow.evaluation.segmentation import SegmentationScore
from undertow.evaluation.sequence_scores import SequenceScore, outliers, ranked
from undertow.evaluation.speech_score import SpeechScore
from undertow.evaluation.tag_scores import TagScore
from undertow.evaluation.translation_scores import Translated
from undertow.evaluation.word_error import Heard
from undertow.options import Beam

MOST_NAMED = 5  # of what stands out
MANY = 16  # classes of a confusion matrix that is shown
METRIC_NAMES = {"bleu": "BLEU", "chrf": "chrF"}


def each_lines(scores: Sequence[SequenceScore], unit: str, out: Path | None) -> list[str]:
    """The spread of the sequences' scores, and those that stand out."""
    order = ranked(scores)
    worst, best = order[0], order[-1]
    lines = [
        f"{counted(len(order), 'sequence')}: {best.bits_per_symbol:.3f} ({best.name}) to {worst.bits_per_symbol:.3f} "
        f"({worst.name}) bits/{unit}" + ("" if out is None else f", each in {out}")
    ]
    far = outliers(scores)
    if not far:
        return [*lines, "none stands out"]
    named = ", ".join(f"{one.name} ({one.bits_per_symbol:.3f})" for one in far[:MOST_NAMED])
    more = f" and {len(far) - MOST_NAMED:,} more" if len(far) > MOST_NAMED else ""
    return [*lines, f"far less probable than the others: {named}{more}"]


def facts_of(found: OtherScore) -> dict[str, Any]:
    """The `--json` output."""
    return SHOWN[type(found)].as_json(found)


def lines_of(what: str, found: OtherScore) -> list[str]:
    """The output in words."""
    return SHOWN[type(found)].lines(what, found)


def translated(found: Translated) -> dict[str, Any]:
    """The `--json` output for translations."""
    facts = asdict(found)
    facts["metrics"] = {name: one._asdict() for name, one in found.metrics.items()}
    search = facts.pop("search") or {}
    how = {field.name: search.get(field.name) for field in fields(Beam)}
    return {**facts, **how, "has_learnt": found.has_learnt, "verdict": found.verdict}


def translated_lines(what: str, found: Translated) -> list[str]:
    """The scores of translations, one line each."""
    search = found.search
    how = "" if search is None else f", beam {search.beam}, length penalty {search.length_penalty:g}"
    plural, direction = "s" * (found.num_sentences != 1), " to ".join(found.direction)
    number = f"{found.num_sentences:,} sentence{plural}"
    lines = [f"{what}: {number}, {direction}{how}, in {found.seconds:.1f} s"]
    for name, one in found.metrics.items():
        lines.append(f"{METRIC_NAMES[name]} {one.value:.2f}   {one.signature}")
    if found.nats_per_symbol is not None:
        lines.append(f"{found.nats_per_symbol:.4f} nats/{found.unit}, {found.bits_per_character:.4f} bits/character")
    return [*lines, found.verdict] if found.verdict else lines


def told(found: PredictionScore) -> dict[str, Any]:
    """The `--json` output for a classifier or a regressor."""
    return {
        "split": found.split,
        "label": found.label,
        "num_labels": found.num_labels,
        "loss": found.loss,
        "accuracy": found.accuracy,
        "constant": found.constant,
        "classes": found.classes,
        "confusion": None if found.confusion is None else found.confusion.tolist(),
        "has_learnt": found.has_learnt,
        "verdict": found.verdict,
        "seconds": found.seconds,
    }


def told_lines(what: str, found: PredictionScore) -> list[str]:
    """The scores of a classifier or a regressor in words, with its confusion matrix."""
    lines = [f"{what}: {found.label} of {found.num_labels:,} in {found.seconds:.1f} s"]
    if found.accuracy is None or found.confusion is None:
        return [
            *lines,
            f"mean squared error {found.loss:.4g}; {found.constant:.4g} by always predicting the mean",
            found.verdict,
        ]
    lines.append(
        f"accuracy {found.accuracy:.2%}, {found.constant:.2%} by always predicting the most common class; "
        f"{found.loss:.4f} nats"
    )
    if len(found.classes) <= MANY:
        width = max(6, *(len(one) + 1 for one in found.classes))
        lines.append(f"{'true / predicted':>{width + 4}}" + "".join(f"{one:>{width}}" for one in found.classes))
        for name, row in zip(found.classes, found.confusion, strict=True):
            lines.append(f"{name:>{width + 4}}" + "".join(f"{count:>{width},}" for count in row))
    return [*lines, found.verdict]


def plain(found: Any) -> dict[str, Any]:
    """The `--json` output of a score whose fields are plain data."""
    return {**asdict(found), "has_learnt": found.has_learnt, "verdict": found.verdict}


def speech_lines(what: str, found: SpeechScore) -> list[str]:
    """The score of a voice in words."""
    size = f"{counted(found.num_recordings, 'recording')}, {counted(found.num_steps, found.unit)}"
    sound = f"{found.decibels:.2f} dB off a mel value" if found.bits is None else f"{found.bits:.4f} bits/sample"
    spoken = (
        []
        if found.distance is None
        else [
            f"spoken by itself: {found.distance:.2f} dB from the recordings, bands aligned by dynamic time warping; "
            f"{found.mean_distance:.2f} dB by always speaking their mean frame"
        ]
    )
    pitch = (
        f"pitch off by {found.pitch_semitones:.2f} semitones, {found.mean_pitch_semitones:.2f} by always predicting "
        "their mean"
        if found.has_pitch
        else "no pitch to judge: no frame is voiced, or all alike"
    )
    return [
        f"{what}: {size} in {found.seconds:.1f} s",
        f"{sound}, given the recording's own durations and pitch",
        *spoken,
        f"durations off by a factor of {found.duration_factor:.3f}, {found.mean_duration_factor:.3f} by always "
        "predicting their mean",
        f"{pitch}; voicing wrong in {found.voicing_error:.1%} of frames",
        found.verdict,
    ]


def mel_voice_lines(what: str, found: MelVoiceScore) -> list[str]:
    """The score of a voice that writes mel frames in words."""
    return [
        f"{what}: {counted(found.num_texts, 'text')}, {counted(found.num_frames, 'frame')} in {found.seconds:.1f} s",
        f"given the recording so far: {found.nats:.4f} nats a mel value, {found.stop_nats:.4f} nats a step of the end",
        *found.lines,
        f"spoken by itself: {found.ended:.1%} of texts end, lengths off by a factor of {found.length_factor:.3f}",
        f"{found.distance:.2f} dB from the recordings, bands aligned by dynamic time warping; "
        f"{found.mean_distance:.2f} dB by always speaking their mean frame",
        found.verdict,
    ]


class Shown(NamedTuple):
    """How a kind of score is shown."""

    as_json: Callable[[Any], dict[str, Any]]
    lines: Callable[[str, Any], list[str]]


SHOWN: dict[type, Shown] = {
    PredictionScore: Shown(told, told_lines),
    SegmentationScore: Shown(score_segmentation.as_json, score_segmentation.lines),
    DenoisingScore: Shown(plain, score_segmentation.denoising_lines),
    TagScore: Shown(score_tags.as_json, score_tags.lines),
    ReconstructionScore: Shown(plain, score_reconstruction.lines),
    ContrastScore: Shown(plain, score_self_supervised.contrast_lines),
    SpeechScore: Shown(plain, speech_lines),
    MelVoiceScore: Shown(plain, mel_voice_lines),
    MaskedScore: Shown(plain, score_self_supervised.masked_lines),
    Translated: Shown(translated, translated_lines),
    DistillationScore: Shown(score_distillation.as_json, score_distillation.lines),
    Heard: Shown(score_speech.as_json, score_speech.lines),
}
