"""Score a voice on held-out recordings: its sound given their durations and pitch, and its prediction of these two.

F frames, M mel bands.
"""

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from undertow.callbacks import OnProgress, unwatched
from undertow.data.batches import batches_in_order
from undertow.data.examples import Examples
from undertow.data.speech import HZ, PLACE
from undertow.evaluation.takes import BATCH_SIZE, apart, speak_phones
from undertow.session.inference import inference

BATCH_STEPS = 32_768  # samples, or frames, of a batch, about
SEMITONES = 12


@dataclass(frozen=True)
class SpeechScore:
    """How well a voice predicts held-out speech.

    Attributes:
        split: the split that was scored.
        num_steps, unit, num_recordings: how much, in samples or in frames.
        bits: a sample of the decoder, given the recording's own durations and pitch, each sample given those before;
            None of a voice that writes mel frames.
        decibels: mean absolute error of a mel value, given the same; None of a voice that draws waves.
        distance: of the mel frames that it speaks by itself from the recording's; see `MelVoiceScore.distance`. None of
            a voice that draws waves.
        mean_distance: the same by always speaking the mean frame of this split.
        duration_factor: by which the predicted durations of symbols are off, a geometric mean.
        mean_duration_factor: the same by always predicting the mean logarithm of this split.
        pitch_semitones: by which the predicted pitch of voiced frames is off, a mean.
        mean_pitch_semitones: the same by always predicting the mean of this split.
        voicing_error: share of frames with a wrong decision whether they are voiced.
        seconds: wall-clock seconds.

    Figures of recordings are averaged by their lengths.
    """

    split: str
    num_steps: int
    unit: str
    num_recordings: int
    bits: float | None
    decibels: float | None
    distance: float | None
    mean_distance: float | None
    duration_factor: float
    mean_duration_factor: float
    pitch_semitones: float
    mean_pitch_semitones: float
    voicing_error: float
    seconds: float

    @property
    def has_learnt(self) -> bool:
        """Whether durations, pitch, and mel frames if it writes them, are better than their means."""
        is_nearer = self.distance is None or self.mean_distance is None or self.distance < self.mean_distance
        is_tuned = not self.has_pitch or self.pitch_semitones < self.mean_pitch_semitones
        return is_nearer and is_tuned and self.duration_factor < self.mean_duration_factor

    @property
    def has_pitch(self) -> bool:
        """Whether pitch can be judged: not in speech without voice, or of one pitch."""
        return self.mean_pitch_semitones > 0

    @property
    def verdict(self) -> str:
        """The result in one line."""
        if self.has_learnt:
            return "what it predicts is better than the means of this split"
        return "something that it predicts is no better than its mean; train for longer"


def score_speech(
    model: Any, examples: Examples, *, split: str = "test", progress: OnProgress = unwatched
) -> SpeechScore:
    """Score a voice on recordings with the times of their symbols.

    Args:
        progress: called after each batch with the samples, or frames, done and those in all.

    Raises:
        DataError: there is no recording.
    """
    began, done = time.perf_counter(), 0
    writes_mel = model.decoder is None
    sound = "mel_decibels" if writes_mel else "sound_bits"
    sums = dict.fromkeys((sound, "duration_error", "pitch_error", "voicing_error"), 0.0)
    rows = max(1, BATCH_STEPS // int(examples.lengths.max(initial=1)))
    needs = model.needs
    for batch in batches_in_order(examples, rows, period=needs.period, look_ahead=needs.look_ahead):
        with inference(model):
            loss = model(batch.to(model.device, next(model.parameters()).dtype))
        for name in sums:
            sums[name] += float(loss.figures[name]) * batch.num_counted
        done += batch.num_counted
        progress(done, examples.num_symbols)
    found = {name: one / max(1, done) for name, one in sums.items()}
    duration, pitch = _of_means(examples)
    distance, mean_distance = _apart(model, examples, progress) if writes_mel else (None, None)
    return SpeechScore(
        split=split,
        num_steps=done,
        unit=model.facts["unit"],
        num_recordings=len(examples),
        bits=found.get("sound_bits"),
        decibels=found.get("mel_decibels"),
        distance=distance,
        mean_distance=mean_distance,
        duration_factor=math.exp(found["duration_error"]),
        mean_duration_factor=math.exp(duration),
        pitch_semitones=found["pitch_error"],
        mean_pitch_semitones=pitch,
        voicing_error=found["voicing_error"],
        seconds=time.perf_counter() - began,
    )


def _apart(model: Any, examples: Examples, progress: OnProgress) -> tuple[float, float]:
    """The distance in dB of what a voice speaks from recordings, and that of their mean frame."""
    like, takes, done = next(model.parameters()), [], 0
    for batch in batches_in_order(examples, BATCH_SIZE):
        takes.append(speak_phones(model, batch.to(like.device, like.dtype)))
        done += batch.num_counted
        progress(done, examples.num_symbols)
    real = [frames for take in takes for frames in take.real]
    spoken = [frames for take in takes for frames in take.spoken]
    mean = np.concatenate(real).mean(axis=0, keepdims=True)
    features = model.config.features
    return apart(features, real, spoken), apart(features, real, [mean] * len(real))


def _of_means(examples: Examples) -> tuple[float, float]:
    """The mean distance of durations' logarithms, and of semitones of voiced frames, from their means."""
    durations, semitones = [], []
    for index in range(len(examples)):
        source = examples.source(index)
        assert source is not None
        durations.append(np.log(np.bincount(source[:, PLACE].astype(int))))
        semitones.append(SEMITONES * np.log2(source[:, HZ][source[:, HZ] > 0]))
    return _spread(np.concatenate(durations)), _spread(np.concatenate(semitones))


def _spread(values: np.ndarray) -> float:
    return float(np.abs(values - values.mean()).mean()) if len(values) else 0.0
