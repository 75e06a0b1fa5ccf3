"""Score a voice on held-out recordings: its sound given their durations and pitch, and its prediction of these two."""

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from undertow.callbacks import OnProgress, unwatched
from undertow.data.batches import batches_in_order
from undertow.data.examples import Examples
from undertow.data.speech import HZ, PLACE
from undertow.session.inference import inference

BATCH_STEPS = 32_768  # samples of a batch, about
SEMITONES = 12


@dataclass(frozen=True)
class SpeechScore:
    """How well a voice predicts held-out speech.

    Attributes:
        split: the split that was scored.
        num_samples, num_recordings: how much.
        bits: a sample of the decoder, given the recording's own durations and pitch, each sample given those before.
        duration_factor: by which the predicted durations of symbols are off, a geometric mean.
        mean_duration_factor: the same by always predicting the mean logarithm of this split.
        pitch_semitones: by which the predicted pitch of voiced frames is off, a mean.
        mean_pitch_semitones: the same by always predicting the mean of this split.
        voicing_error: share of frames with a wrong decision whether they are voiced.
        seconds: wall-clock seconds.

    Figures of recordings are averaged by their lengths.
    """

    split: str
    num_samples: int
    num_recordings: int
    bits: float
    duration_factor: float
    mean_duration_factor: float
    pitch_semitones: float
    mean_pitch_semitones: float
    voicing_error: float
    seconds: float

    @property
    def has_learnt(self) -> bool:
        """Whether durations and pitch are better than their means."""
        return self.duration_factor < self.mean_duration_factor and self.pitch_semitones < self.mean_pitch_semitones

    @property
    def verdict(self) -> str:
        """The result in one line."""
        if self.has_learnt:
            return "durations and pitch are predicted better than by their means"
        return "durations or pitch are no better than their means; train for longer"


def score_speech(
    model: Any, examples: Examples, *, split: str = "test", progress: OnProgress = unwatched
) -> SpeechScore:
    """Score a voice on recordings with the times of their symbols.

    Args:
        progress: called after each batch with the samples done and the samples in all.

    Raises:
        DataError: there is no recording.
    """
    began, done = time.perf_counter(), 0
    sums = dict.fromkeys(("sound_bits", "duration_error", "pitch_error", "voicing_error"), 0.0)
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
    return SpeechScore(
        split=split,
        num_samples=done,
        num_recordings=len(examples),
        bits=found["sound_bits"],
        duration_factor=math.exp(found["duration_error"]),
        mean_duration_factor=math.exp(duration),
        pitch_semitones=found["pitch_error"],
        mean_pitch_semitones=pitch,
        voicing_error=found["voicing_error"],
        seconds=time.perf_counter() - began,
    )


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
