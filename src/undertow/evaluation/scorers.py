"""What judges models on held-out data, by the name that a model says: `Model.scorer`."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from undertow.callbacks import OnProgress
from undertow.config import check_number
from undertow.data.examples import Examples
from undertow.errors import UsageError
from undertow.evaluation.contrast_score import ContrastScore, score_contrast
from undertow.evaluation.denoising import DenoisingScore, score_denoising
from undertow.evaluation.distillation import DistillationScore, score_distillation
from undertow.evaluation.likelihood import Protocol, Score, score
from undertow.evaluation.masked_score import MaskedScore, score_masked
from undertow.evaluation.mel_voice_score import MelVoiceScore, score_mel_voice
from undertow.evaluation.prediction import PredictionScore, score_predictions
from undertow.evaluation.reconstruction import ReconstructionScore, score_reconstruction
from undertow.evaluation.segmentation import SegmentationScore, check_segmentation_metrics, score_segmentation
from undertow.evaluation.speech_score import SpeechScore, score_speech
from undertow.evaluation.tag_scores import COLLAR, TagScore, check_tag_metrics, score_tags
from undertow.evaluation.translation_scores import LIKELIHOOD, METRICS, Translated, check_metrics, score_translations
from undertow.evaluation.word_error import Heard, score_transcripts
from undertow.models import Model
from undertow.options import SEARCH, Search

OtherScore = (
    PredictionScore
    | SegmentationScore
    | DenoisingScore
    | ReconstructionScore
    | Translated
    | Heard
    | TagScore
    | SpeechScore
    | MelVoiceScore
    | ContrastScore
    | MaskedScore
    | DistillationScore
)
Scored = Score | OtherScore


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a user may choose of a score; None, or nothing, where nothing is chosen.

    Attributes:
        protocol: of a likelihood; see `undertow.evaluation.score`.
        metrics: of translations, or of labels of pixels or steps; none: all.
        collar: seconds by which a boundary between labels may be off.
        search: of targets.
        teacher: the model that a student learnt from.
    """

    protocol: Protocol = "full"
    metrics: tuple[str, ...] = ()
    collar: float | int = COLLAR
    search: Search | None = None
    teacher: Model | None = None


def check_asked(model: Model, asked: Asked) -> None:
    """Refuse what was chosen and is not for a model, and a model that has no score.

    Raises:
        UsageError: something was.
    """
    usual, scorer = Asked(), SCORERS[model.scorer]
    if model.is_density and not scorer.takes_densities:
        raise UsageError("this model gives densities: they are not probabilities, and there are no bits to score")
    for field in fields(Asked):
        if getattr(asked, field.name) != getattr(usual, field.name) and field.name not in scorer.heeds:
            able = " or ".join(sorted(name for name, one in SCORERS.items() if field.name in one.heeds))
            what = "a search" if field.name == "search" else field.name
            raise UsageError(
                f"{what} is for models that are scored by {able}; this {model.config.kind} is scored by {model.scorer}"
            )
    scorer.check(model, asked)


def _likelihood(
    model: Any, examples: Examples, train: Examples | None, split: str, asked: Asked, watch: OnProgress
) -> Score:
    return score(model, examples, train, split=split, protocol=asked.protocol, progress=watch)


def _prediction(
    model: Any, examples: Examples, train: Examples | None, split: str, asked: Asked, watch: OnProgress
) -> PredictionScore:
    return score_predictions(model, examples, split=split, progress=watch)


def _segmentation(
    model: Any, examples: Examples, train: Examples | None, split: str, asked: Asked, watch: OnProgress
) -> SegmentationScore:
    return score_segmentation(model, examples, split=split, metrics=asked.metrics, progress=watch)


def _denoising(
    model: Any, examples: Examples, train: Examples | None, split: str, asked: Asked, watch: OnProgress
) -> DenoisingScore:
    return score_denoising(model, examples, split=split, progress=watch)


def _reconstruction(
    model: Any, examples: Examples, train: Examples | None, split: str, asked: Asked, watch: OnProgress
) -> ReconstructionScore:
    return score_reconstruction(model, examples, split=split, progress=watch)


def _translation(
    model: Any, examples: Any, train: Examples | None, split: str, asked: Asked, watch: OnProgress
) -> Translated:
    metrics, search = asked.metrics or METRICS, asked.search or SEARCH
    return score_translations(model, examples, split=split, metrics=metrics, search=search, progress=watch)


def _words(model: Any, examples: Any, train: Examples | None, split: str, asked: Asked, watch: OnProgress) -> Heard:
    return score_transcripts(model, examples, split=split, search=asked.search or SEARCH, progress=watch)


def _tags(
    model: Any, examples: Examples, train: Examples | None, split: str, asked: Asked, watch: OnProgress
) -> TagScore:
    return score_tags(model, examples, split=split, metrics=asked.metrics, collar=asked.collar, progress=watch)


def _contrast(
    model: Any, examples: Examples, train: Examples | None, split: str, asked: Asked, watch: OnProgress
) -> ContrastScore:
    return score_contrast(model, examples, split=split, progress=watch)


def _speech(
    model: Any, examples: Examples, train: Examples | None, split: str, asked: Asked, watch: OnProgress
) -> SpeechScore:
    return score_speech(model, examples, split=split, progress=watch)


def _mel_voice(
    model: Any, examples: Examples, train: Examples | None, split: str, asked: Asked, watch: OnProgress
) -> MelVoiceScore:
    return score_mel_voice(model, examples, split=split, progress=watch)


def _masked(
    model: Any, examples: Examples, train: Examples | None, split: str, asked: Asked, watch: OnProgress
) -> MaskedScore:
    return score_masked(model, examples, split=split, progress=watch)


def _distillation(
    model: Any, examples: Examples, train: Examples | None, split: str, asked: Asked, watch: OnProgress
) -> DistillationScore:
    return score_distillation(model, asked.teacher, examples, split=split, progress=watch)


def _check_distillation(model: Model, asked: Asked) -> None:
    if asked.teacher is None:
        raise UsageError("a student is scored by its teacher: give the model that it learnt from as teacher")


def _check_likelihood(model: Model, asked: Asked) -> None:
    if asked.protocol != "full" and model.needs.alphabet.real == "sound":
        raise UsageError(f"protocol '{asked.protocol}' is for symbols without a sample rate; sound is scored whole")


def _check_segmentation(model: Model, asked: Asked) -> None:
    check_segmentation_metrics(asked.metrics)


def _check_tags(model: Model, asked: Asked) -> None:
    check_tag_metrics(model, asked.metrics)
    check_number("collar", asked.collar, 0, 1)


def _check_translation(model: Model, asked: Asked) -> None:
    check_metrics(asked.metrics or METRICS)
    if asked.search is not None and set(asked.metrics) == {LIKELIHOOD}:
        raise UsageError(f"a search needs a metric of translations; {LIKELIHOOD} does not search")


def _no_check(model: Model, asked: Asked) -> None:
    """There is nothing to refuse."""


@dataclass(frozen=True)
class Scorer:
    """One way to judge models.

    Attributes:
        score: the score of a model on examples of a split; it is also given the training data, what was asked, and
            a callback for the progress.
        heeds: fields of `Asked` that it heeds.
        check: refuses what was asked and does not suit a model.
        needs_training_data: whether it compares with baselines that are fitted to the training data.
        takes_densities: whether it judges models whose likelihoods are densities.
    """

    score: Callable[[Any, Any, Examples | None, str, Asked, OnProgress], Scored]
    heeds: tuple[str, ...] = ()
    check: Callable[[Model, Asked], None] = _no_check
    needs_training_data: bool = False
    takes_densities: bool = False


SCORERS = {
    "likelihood": Scorer(_likelihood, ("protocol",), _check_likelihood, needs_training_data=True),
    "prediction": Scorer(_prediction),
    "segmentation": Scorer(_segmentation, ("metrics",), _check_segmentation),
    "tags": Scorer(_tags, ("metrics", "collar"), _check_tags),
    "denoising": Scorer(_denoising),
    "reconstruction": Scorer(_reconstruction),
    "translation": Scorer(_translation, ("metrics", "search"), _check_translation),
    "words": Scorer(_words, ("search",)),
    "contrast": Scorer(_contrast),
    "masked": Scorer(_masked),
    "speech": Scorer(_speech),
    "mel_voice": Scorer(_mel_voice, takes_densities=True),
    "distillation": Scorer(_distillation, ("teacher",), _check_distillation),
}
