"""Score a voice that writes mel frames: how long and how near what it speaks of held-out texts is to their recordings.

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
from undertow.evaluation.takes import BATCH_SIZE, apart, speak_texts
from undertow.session.inference import inference


@dataclass(frozen=True)
class MelVoiceScore:
    """How well a voice speaks held-out texts.

    Attributes:
        split: the split that was scored.
        num_texts, num_frames: how much; frames of the recordings.
        nats: a mel value, given the recording's frames before it.
        stop_nats: a step, of whether it is the last, given the same.
        ended: share of texts that it speaks to an end by itself.
        length_factor: by which the number of frames that it speaks is off, a geometric mean.
        distance: of its frames from the recording's, aligned by dynamic time warping: root of the mean squared
            difference of bands in dB, averaged over the path.
        mean_distance: the same by always speaking the mean frame of this split.
        lines: what is to be said of its attention.
        seconds: wall-clock seconds.
    """

    split: str
    num_texts: int
    num_frames: int
    nats: float
    stop_nats: float
    ended: float
    length_factor: float
    distance: float
    mean_distance: float
    lines: tuple[str, ...]
    seconds: float

    @property
    def has_learnt(self) -> bool:
        """Whether it is nearer to the recordings than their mean, and speaks most texts to their ends."""
        return self.ended > 0.5 and self.distance < self.mean_distance

    @property
    def verdict(self) -> str:
        """The result in one line."""
        if self.has_learnt:
            return "what it speaks is nearer to the recordings than their mean frame"
        if self.ended <= 0.5:
            return "most texts are not spoken to their ends; train for longer"
        return "what it speaks is no nearer to the recordings than their mean frame; train for longer"


def score_mel_voice(
    model: Any, examples: Examples, *, split: str = "test", progress: OnProgress = unwatched
) -> MelVoiceScore:
    """Score a voice on recordings with their texts; each text is spoken as its recording's speaker would.

    Args:
        progress: called after each batch with the frames done and the frames in all.

    Raises:
        DataError: the model's output is not a number.
    """
    began, frames = time.perf_counter(), 0
    sums = dict.fromkeys(("frame_nats", "stop_nats", "steps"), 0.0)
    examined: dict[str, float] = {}
    real: list[np.ndarray] = []
    spoken: list[np.ndarray] = []
    num_ended = 0
    for batch in batches_in_order(examples, BATCH_SIZE):
        batch = batch.to(model.device, next(model.parameters()).dtype)
        with inference(model):
            loss = model(batch)
            for name, value in model.examine(batch).items():
                examined[name] = examined.get(name, 0.0) + value
        for name in ("frame_nats", "stop_nats"):
            sums[name] += float(loss.figures[name]) * int(loss.num_terms)
        sums["steps"] += int(loss.num_terms)
        takes = speak_texts(model, batch)
        real, spoken, num_ended = real + takes.real, spoken + takes.spoken, num_ended + takes.num_ended
        frames += batch.num_counted
        progress(frames, examples.num_symbols)
    features, lengths = model.config.features, [math.log(len(b) / len(a)) for a, b in zip(real, spoken, strict=True)]
    mean = np.concatenate(real).mean(axis=0, keepdims=True)
    return MelVoiceScore(
        split=split,
        num_texts=len(real),
        num_frames=frames,
        nats=sums["frame_nats"] / sums["steps"],
        stop_nats=sums["stop_nats"] / sums["steps"],
        ended=num_ended / len(real),
        length_factor=math.exp(np.abs(lengths).mean()),
        distance=apart(features, real, spoken),
        mean_distance=apart(features, real, [mean] * len(real)),
        lines=model.examined(examined).lines,
        seconds=time.perf_counter() - began,
    )
