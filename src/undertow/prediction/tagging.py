"""Labels of every step: tags of tokens, the words of texts without spaces, labelled intervals of sounds.

B batch, T steps, K classes.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, overload

import numpy as np
import torch

from undertow.arguments import checked, is_one, several
from undertow.batch import Batch
from undertow.callbacks import OnProgress
from undertow.checkpoint import AnyModel, model_given
from undertow.config import check_whole
from undertow.data.batches import collate
from undertow.data.crops import Crop
from undertow.data.intervals import Interval, runs
from undertow.data.sequences import SequenceSet
from undertow.data.spaced_words import words_of
from undertow.data.tag_schemes import as_iob2, scheme_of
from undertow.errors import DataError
from undertow.models import Model
from undertow.prediction.tag_items import Given, Piece, Read, read_item
from undertow.session.inference import inference

BATCH_STEPS = 16_384
BATCH_ROWS = 256


class TaggedSentence(NamedTuple):
    """Tokens, or the characters of a text without its spaces, with a tag each.

    `columns` are those of each token in its file, "" of none.
    """

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...] = ()

    @property
    def words(self) -> list[str]:
        """The words that the tags of characters mark."""
        return words_of(self.tokens, self.tags)


@dataclass(frozen=True)
class Tagged:
    """The labels of one item.

    Attributes:
        name: its file, the text itself, or its number.
        sentences: of a text or a file of text.
        intervals: of a sound: frames in a row with the same label, in seconds.
        seconds: length of a sound.
        notes: for the user, on changes to the item.
        fault: why the item could not be used, or None.
    """

    name: str
    sentences: tuple[TaggedSentence, ...] = ()
    intervals: tuple[Interval, ...] = ()
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    fault: str | None = None

    @property
    def tags(self) -> list[list[str]]:
        """The tags of each sentence."""
        return [list(one.tags) for one in self.sentences]

    @property
    def text(self) -> str:
        """The words of each sentence of characters with spaces between them, a sentence a line."""
        return "\n".join(" ".join(one.words) for one in self.sentences)


@dataclass(frozen=True)
class Tagging:
    """The labels of several items, in the order they were given in; wall-clock seconds, with reading files."""

    items: tuple[Tagged, ...]
    seconds: float

    @property
    def faults(self) -> list[str]:
        """Why items could not be used, one line each."""
        return [one.fault for one in self.items if one.fault is not None]

    @property
    def notes(self) -> list[str]:
        """Notes for the user on the items, one line each."""
        return [f"{one.name}: {note}" for one in self.items for note in one.notes]


@overload
def tag(  # type: ignore[overload-overlap]
    model: AnyModel,
    items: Given,
    *,
    token_column: int = ...,
    skip_bad: bool = ...,
    progress: OnProgress | None = ...,
) -> Tagged: ...


@overload
def tag(
    model: AnyModel,
    items: Sequence[Given],
    *,
    token_column: int = ...,
    skip_bad: bool = ...,
    progress: OnProgress | None = ...,
) -> Tagging: ...


@checked
def tag(
    model: AnyModel,
    items: Given | Sequence[Given],
    *,
    token_column: int = 1,
    skip_bad: bool = False,
    progress: OnProgress | None = None,
) -> Tagged | Tagging:
    """Label every step of new items: tokens, characters, or frames of sound. One item gives one `Tagged`.

    In IOB2 a chunk that would begin with I begins with B, as conlleval reads it.

    Args:
        model: a tagger, or the folder of a checkpoint or of a run.
        items: one or several. For a model of text a `str` is the text itself, a sentence a line: tokens with spaces
            between them, or characters, whose spaces are taken out. A `Path` is a file of such lines, or for a model of
            tokens a file in CoNLL's layout. For a model of sound a file, an `Audio`, or a float wave (T,) in [-1, 1] at
            the rate of the model's features.
        token_column: the column of the tokens in CoNLL's layout, counted from 1.
        skip_bad: leave an item that cannot be used without labels, and give the reason as its `fault`; by default such
            an item is an error.
        progress: called after each item with the items done and the items in all.

    Raises:
        UsageError: the model does not label steps.
        DataError: an item is missing, damaged, empty, silent, or of another kind than the model's.
    """
    check_whole("token_column", token_column, 1)
    began, ready = time.perf_counter(), model_given(model, "tag")
    given = several(items)
    found = []
    for number, one in enumerate(given, start=1):
        found.append(_tagged(ready, one, number, token_column, skip_bad))
        if progress is not None:
            progress(number, len(given))
    return found[0] if is_one(items) else Tagging(tuple(found), time.perf_counter() - began)


def _tagged(model: Any, given: Given, number: int, token_column: int, skip_bad: bool) -> Tagged:
    is_file = isinstance(given, Path) or (isinstance(given, str) and model.needs.features is not None)
    where = str(given) if is_file else f"item {number}"
    name = str(given) if isinstance(given, str | Path) else where
    try:
        read = read_item(model, given, token_column)
    except DataError as error:
        fault = str(error) if where in str(error) else f"{where}: {error}"
        if not skip_bad:
            raise DataError(fault) from None
        return Tagged(name, fault=fault)
    labels = [*_labelled(model, read.pieces)]
    if model.needs.features is None:
        sentences = tuple(_sentence(model, piece, tags) for piece, tags in zip(read.pieces, labels, strict=True))
        return Tagged(name, sentences, notes=read.notes)
    return Tagged(name, intervals=_intervals(model, read, labels[0]), seconds=read.seconds, notes=read.notes)


def _labelled(model: Any, pieces: Sequence[Piece]) -> Iterator[list[str]]:
    """The labels of sequences, in their order; those of similar length are read together."""
    classes, found = model.needs.predicted.classes, dict[int, list[str]]()
    lengths = [len(one.symbols) for one in pieces]
    order = sorted((index for index, length in enumerate(lengths) if length), key=lambda index: -lengths[index])
    while order:
        rows = min(BATCH_ROWS, max(1, BATCH_STEPS // lengths[order[0]]))
        now, order = order[:rows], order[rows:]
        batch = _batch(model, [pieces[index].symbols for index in now])
        with inference(model):
            outputs = model.outputs(batch)
        if not torch.isfinite(outputs[batch.counted]).all():
            raise DataError("the model's output is not a number: its weights are damaged")
        said = outputs.argmax(dim=-1).cpu().numpy()
        for row, index in enumerate(now):
            found[index] = [classes[place] for place in said[row, : lengths[index]]]
    return (found.get(index, []) for index in range(len(pieces)))


def _batch(model: Model, sequences: Sequence[np.ndarray]) -> Batch:
    like = next(model.parameters())
    crops = [Crop(number, 0, len(one), 0) for number, one in enumerate(sequences)]
    return collate(SequenceSet(sequences), crops).to(like.device, like.dtype)


def _sentence(model: Any, piece: Piece, tags: Sequence[str]) -> TaggedSentence:
    scheme = scheme_of(model.needs.predicted.classes)
    return TaggedSentence(piece.tokens, tuple(as_iob2(tags) if scheme == "iob2" else tags), piece.columns)


def _intervals(model: Any, read: Read, labels: Sequence[str]) -> tuple[Interval, ...]:
    features = model.needs.features
    found = runs(labels, features.hop_length / features.sample_rate)
    return tuple(one._replace(stop=min(one.stop, read.seconds)) for one in found)
