"""Every scorer reports how far it is, up to all of it, and its result is the same."""

from typing import Any

import numpy as np
import pytest

from tests.decoding.pair_models import make as translator
from tests.evaluation.test_contrast_score import waves
from tests.evaluation.test_word_error import recogniser, recordings
from tests.generation.symbol_models import text_model
from tests.models.coders import coder_of_waves, levels
from tests.models.taught import HOP, RATE, make_student, make_teacher
from tests.models.test_contrastive import contrastive
from tests.models.test_denoiser import denoiser
from tests.models.test_masked import OF_SYMBOLS
from tests.models.test_masked import masked as masked_model
from tests.models.test_segmenter import segmenter
from tests.models.test_tagger import OF_FRAMES, tagger
from tests.models.test_text_to_mel import make as mel_voice
from tests.models.voices import recordings as recordings_of
from tests.models.voices import voice
from tests.prediction.test_predicting import classifier
from undertow.data.clip_examples import ClipExamples
from undertow.data.clips import Clip, ClipSet
from undertow.data.pairs import PairSet
from undertow.data.sequences import SequenceSet
from undertow.evaluation import SCORERS, Asked
from undertow.options import Search

RANDOM = np.random.default_rng(1)
TEXTS = [RANDOM.integers(0, 6, length) for length in (40, 7, 900, 12)]


def texts() -> SequenceSet:
    return SequenceSet(TEXTS, {"kind": np.array([0, 1, 2, 1])})


def pairs() -> PairSet:
    words = [np.array([0, 1, 2]), np.array([3]), np.array([4, 4])]
    return PairSet(words, words, ["a", "b", "c"], source_end=6, target_end=6, target_texts=["abc", "d", "ee"])


def masked() -> SequenceSet:
    pixels = [np.full((12, 3), 20 * number, np.uint8) for number in range(3)]
    return SequenceSet(pixels, {"class": [np.arange(12, dtype=np.int16) % 3] * 3}, grid=(3, 4))


def tagged() -> SequenceSet:
    frames = [RANDOM.random((length, 3)).astype(np.float32) for length in (9, 4)]
    return SequenceSet(frames, {"tag": [np.arange(len(one)) % 3 for one in frames]})


TAGGED = tagged()


def taught() -> ClipExamples:
    waves = [RANDOM.integers(-900, 900, length).astype(np.int16) for length in (48, 32)]
    clips = [Clip(str(len(wave)), wave, {}, np.zeros((len(wave) // HOP, 3), np.float32)) for wave in waves]
    return ClipExamples(ClipSet(clips, RATE), make_student().needs)


def spoken() -> PairSet:
    random = np.random.default_rng(2)
    frames = [random.random((length, 5)).astype(np.float32) for length in (9, 4)]
    classes = {"speaker": np.array([0, 1])}
    texts = [np.array([0, 1, 2]), np.array([2])]
    return PairSet(texts, frames, ["a", "b"], source_end=3, target_end=None, labels=classes)


def noisy() -> SequenceSet:
    pixels = [np.full((12, 3), 20 * number, np.uint8) for number in range(3)]
    return SequenceSet(pixels, {"clean": pixels}, grid=(3, 4))


CASES: dict[str, tuple[Any, Any, Asked, int]] = {  # a model, its data, what is asked, how much there is
    "likelihood": (text_model, texts, Asked(), 959),
    "prediction": (classifier, texts, Asked(), 4),
    "segmentation": (segmenter, masked, Asked(), 3),
    "tags": (lambda: tagger(**OF_FRAMES).float(), lambda: TAGGED, Asked(metrics=("accuracy",)), 2),
    "denoising": (denoiser, noisy, Asked(), 3),
    "translation": (lambda: translator("transformer", "pre-norm"), pairs, Asked(metrics=("nll",)), 3),
    "contrast": (contrastive, lambda: waves(200, 63), Asked(), 263),
    "masked": (lambda: masked_model(OF_SYMBOLS), texts, Asked(), 959),
    "reconstruction": (coder_of_waves, lambda: levels(200, 63), Asked(), 263),
    "speech": (lambda: voice().eval(), lambda: recordings_of(voice()), Asked(), 399),
    "mel_voice": (lambda: mel_voice(symbol_seconds=0.05), spoken, Asked(), 13),
    "distillation": (lambda: make_student(), taught, Asked(teacher=make_teacher()), 80),
    "words": (recogniser, lambda: recordings("ab", "c"), Asked(search=Search(beam=1)), 2),
}


@pytest.mark.parametrize("name", SCORERS)
def test_fault_27_a_score_reports_its_progress(name: str) -> None:
    make, data, asked, total = CASES[name]
    calls: list[tuple[int, int]] = []
    model = make()
    watched = SCORERS[name].score(model, data(), None, "test", asked, lambda *done: calls.append(done))
    plain = SCORERS[name].score(model, data(), None, "test", asked, lambda *done: None)
    assert calls[-1] == (total, total) and {of for _, of in calls} == {total}
    assert all(0 < done <= total for done, _ in calls)
    for figure in ("bits_per_symbol", "loss", "miou", "psnr", "nats", "nats_per_symbol", "distance"):
        assert getattr(watched, figure, None) == getattr(plain, figure, None)


def test_fault_27_windows_report_too() -> None:
    calls: list[tuple[int, int]] = []
    asked = Asked(protocol="windows")
    SCORERS["likelihood"].score(text_model(), texts(), None, "test", asked, lambda *done: calls.append(done))
    assert len(calls) > 1 and calls[-1][0] == calls[-1][1] and calls == sorted(calls)
