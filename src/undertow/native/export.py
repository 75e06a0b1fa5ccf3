"""A model exported to the native engine: a copy that carries its engine file, in a precision it was made for.

T steps, C channels.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from undertow.batch import Batch
from undertow.config import nearest
from undertow.data.batches import batches_in_order
from undertow.data.clips import ClipSet
from undertow.errors import DataError, UsageError
from undertow.models.autoregressive import Autoregressive
from undertow.native.builder import Unsupported
from undertow.native.format import HEADER, Graph, Type, to_bytes
from undertow.native.lowering import PRECISIONS as FLOATS
from undertow.native.lowering import lower
from undertow.native.quantise import Floats, quantise, quantised_values
from undertow.native.trace import trace

INT8 = "int8"
PRECISIONS = (*FLOATS, INT8)
CROP_STEPS = 8192  # of a clip at once


def export(model: Autoregressive, precision: str, calibration: ClipSet | None = None) -> Autoregressive:
    """A copy of a model, on the CPU, with its engine file: "float32", "bfloat16" or "int8".

    Args:
        calibration: for int8, clips at the model's rate that show how large its values get.

    Raises:
        UsageError: the model is exported already, the precision is unknown, int8 lacks clips, or the engine has no op
            for a part of the model.
        DataError: there is no clip, one has a label the model does not know, or the model's values are not numbers.
    """
    if model.engine_file is not None:
        raise UsageError(f"this model is exported already, in {precision_of(model)}; give the one it was made from")
    if precision not in PRECISIONS:
        raise UsageError(f"unknown precision '{precision}'{nearest(precision, list(PRECISIONS))}")
    exported = copy.deepcopy(model).cpu().eval()
    graph = lower(exported, "float32" if precision == INT8 else precision).graph
    if precision == INT8:
        if calibration is None:
            raise UsageError("int8 needs clips to calibrate with")
        graph = quantise(graph, measure(exported, graph, calibration))
    exported.engine_file = to_bytes(graph)
    return exported


def cannot_run(reason: Unsupported) -> UsageError:
    """What a user is told whose exported model meets an install that cannot run it."""
    return UsageError(f"this model was exported to the native engine; {reason}")


def precision_of(model: Autoregressive) -> str | None:
    """The precision a model was exported in; None where it was not."""
    return None if model.engine_file is None else Type(HEADER.unpack_from(model.engine_file)[4]).name.lower()


def measure(model: Autoregressive, graph: Graph, clips: ClipSet) -> dict[int, Floats]:
    """Largest |x| of each channel of each value that int8 convolutions will read, over the clips."""
    ranges = {value: np.zeros(graph.values[value].channels, dtype=np.float32) for value in quantised_values(graph)}
    with torch.inference_mode(), _one_thread():
        for batch in _crops(model, clips):
            num_steps = int(batch.counted[0].nonzero().max()) + 1
            condition = model.condition(batch.labels, batch.features, num_steps, 1).aligned
            symbols = model.past(batch.symbols[:, : num_steps - 1])[0]
            for value, ticks in trace(graph, symbols, None if condition is None else condition[0]):
                if value in ranges and len(ticks):
                    np.maximum(ranges[value], ticks.abs().amax(dim=0).numpy(), out=ranges[value])
    if not all(np.isfinite(one).all() for one in ranges.values()):
        raise DataError("the model's values are not numbers on these clips: its weights are damaged")
    return ranges


@contextmanager
def _one_thread() -> Iterator[None]:
    """Torch on one thread: sums, and so the file, do not depend on how many there are."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _crops(model: Autoregressive, clips: ClipSet) -> Iterator[Batch]:
    """The clips in crops with what comes before them, one a batch."""
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
