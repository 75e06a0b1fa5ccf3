"""Batches of examples to calibrate int8 on."""

from collections.abc import Iterator

from undertow.batch import Batch
from undertow.data.batches import batches_in_order
from undertow.data.examples import Examples
from undertow.models import Model

CROP_STEPS = 8192


def calibration_batches(model: Model, examples: Examples) -> Iterator[Batch]:
    """Sequences for `undertow.native.export`: in crops with their context, one in each batch.

    Sequences stay whole if the network sees all of the past.

    Raises:
        DataError: there is no sequence.
    """
    needs = model.needs
    context = needs.context_steps
    crop_steps = None if context is None else CROP_STEPS
    return batches_in_order(examples, 1, crop_steps, context or 0, needs.period, needs.look_ahead)
