"""The labels of new items: the classes that a classifier gives them, or the numbers of a regressor.

T steps, E elements of a vector symbol, B batch, K classes.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, overload

import numpy as np

from undertow.alphabets.skipping import Skipped, skipping
from undertow.arguments import checked, is_one, several
from undertow.callbacks import OnProgress
from undertow.checkpoint import AnyModel, model_given
from undertow.data.audio import is_silent
from undertow.data.batches import collate
from undertow.data.crops import Crop
from undertow.data.sequences import SequenceSet
from undertow.errors import DataError
from undertow.media import MEDIA, Given, medium_of
from undertow.media.symbols import read_symbols
from undertow.models import Model
from undertow.session.inference import inference

BATCH_STEPS = 32_768
BATCH_ITEMS = 256
Value = str | float | tuple[str, ...] | None


@dataclass(frozen=True)
class Prediction:
    """What a model predicts of one item.

    Attributes:
        name: the text itself, the file, or the item's number.
        value: the most probable class; the number that a regressor predicts; or, of a model that predicts a class for
            each step, T classes. None if the item could not be used.
        probabilities: of the classes, the most probable first; empty for a number and for steps.
        notes: notes for the user on changes to the item.
        fault: why the item could not be used, or None.
    """

    name: str
    value: Value
    probabilities: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    fault: str | None = None


@dataclass(frozen=True)
class Predictions:
    """What a model predicts of several items, in the order they were given in.

    Attributes:
        label: name of the predicted label.
        classes: its classes, in the order of the model; empty for a number.
        rows: one for each item.
        seconds: wall-clock seconds, including the time to read files.
    """

    label: str
    classes: tuple[str, ...]
    rows: tuple[Prediction, ...]
    seconds: float

    @property
    def values(self) -> list[Value]:
        """The class or the number of each item; None for one that could not be used."""
        return [row.value for row in self.rows]

    @property
    def faults(self) -> list[str]:
        """Why items could not be used, one line each."""
        return [row.fault for row in self.rows if row.fault is not None]

    @property
    def notes(self) -> list[str]:
        """Notes for the user on the items, one line each."""
        return [f"{row.name}: {note}" for row in self.rows for note in row.notes]


@dataclass(frozen=True)
class _Item:
    """An item as a model reads it: its symbols (T,) or (T, E)."""

    name: str
    symbols: np.ndarray
    notes: tuple[str, ...]


@overload
def predict(  # type: ignore[overload-overlap]
    model: AnyModel, items: Given, *, skip_bad: bool = ..., skip_unknown: bool = ..., progress: OnProgress | None = ...
) -> Prediction: ...


@overload
def predict(
    model: AnyModel,
    items: Sequence[Given],
    *,
    skip_bad: bool = ...,
    skip_unknown: bool = ...,
    progress: OnProgress | None = ...,
) -> Predictions: ...


@checked
def predict(
    model: AnyModel,
    items: Given | Sequence[Given],
    *,
    skip_bad: bool = False,
    skip_unknown: bool = False,
    progress: OnProgress | None = None,
) -> Prediction | Predictions:
    """Predict the label of new items: a class with the probabilities of all, or a number. One item gives one result.

    Args:
        model: a classifier or a regressor, or the folder of a checkpoint or of a run.
        items: one or several. For text a `str` is the text itself, and a `Path` a text file, read as one text. For
            sound a file, an `Audio`, or a float wave (T,) in [-1, 1] at the model's rate. For notes and pixels an
            array, or a file of one. For any model int64 symbols (T,) or (T, E); for one of numbers, those (T, E).
        skip_bad: leave out the value of an item that cannot be used, and give the reason as its `fault`; by default
            such an item is an error.
        skip_unknown: skip characters of a text that the model does not know, with a note.
        progress: called after each batch with the items done and the items in all.

    Raises:
        UsageError: the model predicts no label, or an item is of another kind than the model's.
        DataError: an item is missing, damaged, empty or silent, or holds something that the model does not know.
    """
    began, ready = time.perf_counter(), model_given(model, "predict")
    rows = predict_rows(ready, several(items), skip_bad=skip_bad, skip_unknown=skip_unknown, progress=progress)
    if is_one(items):
        return rows[0]
    wanted = ready.needs.predicted
    return Predictions(wanted.name, wanted.classes or (), tuple(rows), time.perf_counter() - began)


def predict_rows(
    model: Model,
    items: Sequence[Given],
    first: int = 1,
    *,
    skip_bad: bool = False,
    skip_unknown: bool = False,
    progress: OnProgress | None = None,
) -> list[Prediction]:
    """`predict` for several items of many; `first` is the number of the first of them, for messages."""
    read = [_read(model, item, first + place, skip_bad, skip_unknown) for place, item in enumerate(items)]
    found = iter(_predicted(model, [one for one in read if isinstance(one, _Item)], progress))
    return [next(found) if isinstance(one, _Item) else one for one in read]


def _read(model: Model, given: Given, number: int, skip_bad: bool, skip_unknown: bool) -> _Item | Prediction:
    """An item as the model reads it; the empty prediction of one that cannot be used."""
    is_file = isinstance(given, Path) or (isinstance(given, str) and model.needs.alphabet.real != "text")
    where = str(given) if is_file and given != "" else f"item {number}"
    name = str(given) if is_file or isinstance(given, str) else where
    try:
        symbols, notes = _symbols(model, given, skip_unknown)
    except DataError as error:
        fault = str(error) if where in str(error) else f"{where}: {error}"
        if not skip_bad:
            raise DataError(fault) from None
        return Prediction(name, None, fault=fault)
    return _Item(name, symbols, notes)


def _symbols(model: Model, given: Given, skip_unknown: bool) -> tuple[np.ndarray, tuple[str, ...]]:
    """An item's symbols, cut at the model's longest sequence, and notes on it."""
    needs = model.needs
    alphabet, most = needs.alphabet, needs.max_length
    medium = medium_of(alphabet, needs.sample_rate) if alphabet.real in MEDIA else None
    skipped = Skipped()
    if isinstance(given, str) and not given and alphabet.real != "text":
        raise DataError("the name of its file is empty")
    symbols, notes = read_symbols(given, skipping(alphabet, skipped) if skip_unknown else alphabet, medium)
    notes = (*notes, *skipped.notes)
    if not len(symbols):
        raise DataError("it is empty")
    if alphabet.real == "sound" and is_silent(alphabet.decode(symbols)):
        raise DataError("it is silent; no sample is above -72 dB of full scale")
    if most is not None and len(symbols) > most:
        note = f"{len(symbols):,} {alphabet.unit}s long, and cut at {most:,}, the most that this model reads"
        return symbols[:most], (*notes, note)
    return symbols, notes


def _predicted(model: Any, items: Sequence[_Item], progress: OnProgress | None) -> list[Prediction]:
    """The predictions of items, in their order; those of similar length are read together."""
    found: dict[int, Prediction] = {}
    for batch in _batches(items):
        for index, one in zip(batch, _predict_batch(model, [items[index] for index in batch]), strict=True):
            found[index] = one
        if progress is not None:
            progress(len(found), len(items))
    return [found[index] for index in range(len(items))]


def _batches(items: Sequence[_Item]) -> Iterator[list[int]]:
    """Items by their places, the longest first, in batches of a bounded size."""
    order = sorted(range(len(items)), key=lambda index: -len(items[index].symbols))
    while order:
        rows = min(BATCH_ITEMS, max(1, BATCH_STEPS // len(items[order[0]].symbols)))
        yield order[:rows]
        order = order[rows:]


def _predict_batch(model: Any, items: Sequence[_Item]) -> Iterator[Prediction]:
    wanted, like = model.needs.predicted, next(model.parameters())
    lengths = [len(item.symbols) for item in items]
    crops = [Crop(number, 0, length, 0) for number, length in enumerate(lengths)]
    batch = collate(SequenceSet([item.symbols for item in items]), crops).to(like.device, like.dtype)
    with inference(model):
        found = model.predict(batch) if wanted.classes is None else model.log_prob(batch).double().exp()
    values = found.cpu().double().numpy()
    if not np.isfinite(values).all():
        raise DataError("the model's output is not a number: its weights are damaged")
    for item, length, row in zip(items, lengths, values, strict=True):
        if wanted.classes is None:
            yield Prediction(item.name, float(row), notes=item.notes)
        elif wanted.of_steps:
            yield Prediction(item.name, tuple(wanted.classes[k] for k in row[:length].argmax(-1)), notes=item.notes)
        else:
            order = np.argsort(-row, kind="stable")
            probabilities = {wanted.classes[k]: float(row[k]) for k in order}
            yield Prediction(item.name, next(iter(probabilities)), probabilities, item.notes)
