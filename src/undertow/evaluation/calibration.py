"""Examples as the batches that int8 is calibrated on."""

from collections.abc import Iterator

from undertow.batch import Batch
from undertow.data.batches import batches_in_order
from undertow.data.examples import Examples
from undertow.models import Model

CROP_STEPS = 8192


def calibration_batches(model: Model, examples: Examples) -> Iterator[Batch]:
    """Sequences for `undertow.native.export`: in crops with what comes before them, one a batch.

    Those of a network that sees all of the past stay whole.

    Raises:
        DataError: there is no sequence.
    """
    needs = model.needs
    context = needs.context_steps
    crop_steps = None if context is None else CROP_STEPS
    return batches_in_order(examples, 1, crop_steps, context or 0, needs.period, needs.look_ahead)
