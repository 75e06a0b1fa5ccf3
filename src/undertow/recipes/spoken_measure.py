"""The measure of a voice's validations: how near what it speaks of a few texts is to their recordings."""

from collections.abc import Callable, Sequence
from typing import Any

from undertow.batch import Batch
from undertow.evaluation.takes import Takes, apart, speak_texts
from undertow.training.measure import Measure


class SpokenMeasure:
    """Calling it with a model of mel frames lets it speak, given no recording, and measures the distance from them.

    The loss is of frames given the recording's frames before them, or its durations and pitch. It is at its best long
    before a voice of little data speaks well: flags of ends, decisions on voicing, and how sure the model is of a frame
    are the first to be learnt too exactly.

    Args:
        batches: texts with their recordings.
        speak: lets a model speak a batch.
    """

    def __init__(self, batches: Sequence[Batch], speak: Callable[[Any, Batch], Takes] = speak_texts) -> None:
        self.batches, self.speak = batches, speak

    def __call__(self, model: Any) -> Measure:
        like = next(model.parameters())
        takes = [self.speak(model, batch.to(like.device, like.dtype)) for batch in self.batches]
        real = [frames for take in takes for frames in take.real]
        spoken = [frames for take in takes for frames in take.spoken]
        decibels = apart(model.config.features, real, spoken)
        share = sum(take.num_ended for take in takes) / len(real)
        text = f"{decibels:.2f} dB from the recordings" + (f", {share:.0%} of texts end" if share < 1 else "")
        return Measure(decibels, text, {"spoken_decibels": decibels, "ended": share})
