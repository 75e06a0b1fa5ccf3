"""The measure of a voice's validations: how near what it speaks of a few texts is to their recordings."""

from collections.abc import Sequence
from typing import Any

from undertow.batch import Batch
from undertow.evaluation.mel_voice_score import apart, speak_batch
from undertow.training.measure import Measure


class SpokenMeasure:
    """Calling it with a model of mel frames lets it speak, given no recording, and measures the distance from them.

    The loss is of frames given the recording's frames before them. It is at its best long before a voice of little data
    speaks well: the flags of ends, and how sure the model is of a frame, are the first to be learnt too exactly.

    Args:
        batches: texts with their recordings.
    """

    def __init__(self, batches: Sequence[Batch]) -> None:
        self.batches = batches

    def __call__(self, model: Any) -> Measure:
        like = next(model.parameters())
        takes = [speak_batch(model, batch.to(like.device, like.dtype)) for batch in self.batches]
        real = [frames for take in takes for frames in take.real]
        spoken = [frames for take in takes for frames in take.spoken]
        decibels = apart(model.config.features, real, spoken)
        share = sum(take.num_ended for take in takes) / len(real)
        text = f"{decibels:.2f} dB from the recordings, {share:.0%} of texts end"
        return Measure(decibels, text, {"decibels": decibels, "ended": share})
