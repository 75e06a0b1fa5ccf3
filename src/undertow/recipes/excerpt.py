"""Pieces from all over a split, to calibrate a model on and to measure its precision on."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from undertow.batch import Batch
from undertow.callbacks import OnProgress, Say, unwatched
from undertow.data.examples import Examples, spread_pieces
from undertow.evaluation import bits_per_symbol
from undertow.evaluation.calibration import calibration_batches
from undertow.evaluation.pair_likelihood import pair_nats
from undertow.models import Model, require, require_probabilities
from undertow.recipes.tasks import TASKS

PIECE_SAMPLES = 2**15  # for sound
PIECE_SYMBOLS = 2**12  # for all other data


@dataclass(frozen=True, eq=False)
class Excerpt:
    """A part of a split, or all of a small one.

    Attributes:
        num_pieces, num_symbols: its size; long sequences are cut into pieces.
        batches: crops of it with their context, for `undertow.native.export`; an iterator, to be read once.
        bits_per_symbol: scores a model on it, each piece from the start symbol on.
    """

    num_pieces: int
    num_symbols: int
    batches: Iterator[Batch]
    bits_per_symbol: Callable[..., float]


def excerpt(data: Any, model: Model, split: str, num_symbols: int, say: Say) -> Excerpt:
    """At most `num_symbols` symbols of a split.

    Args:
        data: a data section.
        say: called with lines on files that were changed or skipped.

    Raises:
        UsageError: the model needs data of another kind, or does not generate.
        DataError: the data cannot be used, or holds symbols or labels that the model does not know.
    """
    needs = model.needs if model.needs.source is not None else require_probabilities(require(model, "generate")).needs
    return of_examples(TASKS[data.kind](data, say).read(split, needs), model, num_symbols)


def of_examples(examples: Examples, model: Model, num_symbols: int) -> Excerpt:
    """At most `num_symbols` symbols of the examples."""
    whole = examples
    if examples.num_symbols > num_symbols:
        steps = PIECE_SAMPLES if model.needs.alphabet.real == "sound" else PIECE_SYMBOLS
        examples = spread_pieces(examples, steps, num_symbols / examples.num_symbols)
    batches = calibration_batches(model, examples)
    if model.needs.source is not None:
        return Excerpt(len(examples), examples.num_symbols, batches, partial(_bits_of_targets, whole))

    def score(one: Any, progress: OnProgress = unwatched) -> float:
        return bits_per_symbol(one, examples, progress)

    return Excerpt(len(examples), examples.num_symbols, batches, score)


def _bits_of_targets(pairs: Any, model: Any, progress: OnProgress = unwatched) -> float:
    """Of targets given their sources; ends are among the symbols."""
    total = pairs.num_symbols
    nats, number = pair_nats(model, pairs, lambda done, of: progress(done * total // of, total))
    return nats / math.log(2) / number
