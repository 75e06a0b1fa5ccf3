"""Recordings and sequences of symbols as the batches that int8 is calibrated on."""

from collections.abc import Iterator

from undertow.batch import Batch
from undertow.data.batches import batches_in_order
from undertow.data.clips import ClipSet
from undertow.data.sequences import SequenceSet, sequences_in_order
from undertow.models.autoregressive import Autoregressive

CROP_STEPS = 8192


def calibration_batches(model: Autoregressive, clips: ClipSet) -> Iterator[Batch]:
    """Clips at the model's rate for `undertow.native.export`: in crops with what comes before them, one a batch.

    Raises:
        DataError: there is no clip, or one has a label the model does not know.
    """
    settings = model.config.conditioner
    return batches_in_order(
        clips,
        model.alphabet,
        model.context_steps,
        1,
        CROP_STEPS,
        features=settings.features,
        label_classes=settings.labels,
        period=model.network.period,
        look_ahead=settings.upsampling.look_ahead,
    )


def calibration_sequences(model: Autoregressive, sequences: SequenceSet) -> Iterator[Batch]:
    """Sequences of symbols for `undertow.native.export`: in crops with what comes before them, one a batch.

    Those of a network that sees all of the past stay whole.

    Raises:
        DataError: there is no sequence.
    """
    context = model.context_steps
    crop_steps = None if context is None else CROP_STEPS
    return sequences_in_order(sequences, 1, crop_steps, context or 0, period=model.network.period)
