"""Export a model to the native engine: a copy with an engine file in a given precision.

T steps, C channels, Y condition channels.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
import torch
from torch import Tensor

from undertow.batch import Batch
from undertow.config import nearest, to_dict
from undertow.errors import DataError, UsageError
from undertow.models.model import Model
from undertow.native.builder import Unsupported
from undertow.native.encoders import lower_encoder
from undertow.native.format import Graph, read_header, to_bytes
from undertow.native.lowering import PRECISIONS as FLOATS
from undertow.native.lowering import lower
from undertow.native.quantise import Floats, quantise, quantised_values
from undertow.native.source import source_of
from undertow.native.trace import NOTHING, trace
from undertow.state import named_leaves
from undertow.threads import limited_threads

INT8 = "int8"
PRECISIONS = (*FLOATS, INT8)
Exported = TypeVar("Exported", bound=Model)
Given: TypeAlias = tuple[Tensor | None, Mapping[str, Tensor], Mapping[str, Tensor]]  # condition, memory, first state
OfRow: TypeAlias = Callable[[int, int], Given]  # of a row's first steps


def export(model: Exported, precision: str, calibration: Iterable[Batch] | None = None) -> Exported:
    """A copy of a model, on the CPU, with its engine file: "float32", "bfloat16" or "int8".

    Args:
        calibration: for int8, batches to measure the range of the model's values on, on the CPU. Every row is read from
            its first step to the last that counts, as a sequence of its own.

    Raises:
        UsageError: the model is exported already, the precision is unknown, int8 lacks batches, or the engine has no
            op for a part of the model.
        DataError: no batch has a step that counts, or the model's values are not numbers.
    """
    if model.engine_file is not None:
        raise UsageError(f"this model is already exported, in {precision_of(model)}; give the original model")
    if precision not in PRECISIONS:
        raise UsageError(f"unknown precision '{precision}'{nearest(precision, list(PRECISIONS))}")
    exported = copy.deepcopy(model).cpu().eval()
    lowered, given = "float32" if precision == INT8 else precision, [] if calibration is None else list(calibration)
    graph, encoder = lower(exported, lowered).graph, lower_encoder(exported, lowered)
    graphs = [graph] if encoder is None else [graph, encoder.graph]
    if precision == INT8:
        if calibration is None:
            raise UsageError("int8 needs data to calibrate with")
        ranges = [measure(exported, graph, given)]
        if encoder is not None:
            ranges.append(_ranges(encoder.graph, _read_sources(exported, given)))
        graphs = [quantise(one, found) for one, found in zip(graphs, ranges, strict=True)]
    source = source_of(to_dict(model.config), exported.state_dict())
    exported.engine_file = b"".join(to_bytes(one, source) for one in graphs)
    return exported


def cannot_run(reason: Unsupported) -> UsageError:
    """The error for an exported model that this installation cannot run."""
    return UsageError(f"this model was exported to the native engine; {reason}")


def precision_of(model: Model) -> str | None:
    """The precision that a model was exported in; None if it was not exported.

    Raises:
        DataError: its engine file is damaged.
    """
    return None if model.engine_file is None else read_header(model.engine_file).precision.name.lower()


def measure(model: Model, graph: Graph, batches: Iterable[Batch]) -> dict[int, Floats]:
    """Largest |x| of each channel of each value that int8 convolutions will read, over the batches' rows."""
    return _ranges(graph, _rows(model, batches))


def _ranges(graph: Graph, rows: Iterable["Row"]) -> dict[int, Floats]:
    ranges = {value: np.zeros(graph.values[value].channels, dtype=np.float32) for value in quantised_values(graph)}
    num_rows = 0
    with torch.inference_mode(), limited_threads(1):  # sums, and so the file, depend on how many there are
        for row in rows:
            num_rows += 1
            for value, ticks in trace(graph, *row):
                if value in ranges and len(ticks):
                    np.maximum(ranges[value], ticks.abs().amax(dim=0).numpy(), out=ranges[value])
    if num_rows == 0:
        raise DataError("cannot calibrate: no batch has a step that counts")
    if not all(np.isfinite(one).all() for one in ranges.values()):
        raise DataError("cannot calibrate: the model's values are NaN or infinite, so its weights are damaged")
    return ranges


class Row(NamedTuple):
    """What the network is given of a row: (T,) symbols from the start symbol on, and what `trace` takes beside them."""

    symbols: Tensor
    condition: Tensor | None = None
    memory: Mapping[str, Tensor] = NOTHING
    first: Mapping[str, Tensor] = NOTHING


def _rows(model: Any, batches: Iterable[Batch]) -> Iterator[Row]:
    """Every row of the batches; one that is longer than the network holds in pieces, each a sequence of its own."""
    for batch in batches:
        lengths = [int(row.nonzero().max()) + 1 if row.any() else 0 for row in batch.counted]
        given = _sources(model, batch) if batch.source is not None else _conditions(model, batch, lengths)
        for row, length in enumerate(lengths):
            if not length:
                continue
            condition, memory, first = given(row, length)
            most = model.max_length or length
            for start in range(0, length, most):
                stop = min(start + most, length)
                past = model.past(batch.symbols[row : row + 1, start : stop - 1])[0]
                piece = condition if condition is None or len(condition) == 1 else condition[start:stop]
                yield Row(past, piece, memory, first)


def _read_sources(model: Any, batches: Iterable[Batch]) -> Iterator[Row]:
    """Every row's source, as the encoder reads it."""
    for batch in batches:
        assert batch.source is not None and batch.source_lengths is not None
        sources = model.sources(batch.source, batch.source_lengths)
        for row, length in enumerate(batch.source_lengths.tolist()):
            if batch.counted[row].any():
                yield Row(sources[row, :length])


def _conditions(model: Any, batch: Batch, lengths: Sequence[int]) -> OfRow:
    """Each row's condition (T or 1, Y) alone."""
    condition = model.condition(batch.labels, batch.features, max(lengths), len(lengths))

    def given(row: int, length: int) -> Given:
        aligned = condition.steps(0, length).aligned
        return None if aligned is None else aligned[row], {}, {}

    return given


def _sources(model: Any, batch: Batch) -> OfRow:
    """The memory of each row's source, without padding, and the state that the row begins with."""
    encoded = model.encode(batch.source, batch.source_lengths)
    state = dict(model.init_state(len(batch.symbols), encoded))
    memory = named_leaves(state.pop("memory", {}))
    lengths, first = memory.pop("lengths", None), named_leaves(state)

    def given(row: int, length: int) -> Given:
        source = {} if lengths is None else {name: leaf[row, : lengths[row]] for name, leaf in memory.items()}
        return None, source, {name: leaf[row : row + 1] for name, leaf in first.items()}

    return given
