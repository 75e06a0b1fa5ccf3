"""Pieces from all over a split: what a model is calibrated on, and what its precision is measured on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from undertow.batch import Batch
from undertow.callbacks import Say
from undertow.data.examples import Examples, spread_pieces
from undertow.evaluation import bits_per_symbol
from undertow.evaluation.calibration import calibration_batches
from undertow.models import Model, require
from undertow.recipes.tasks import TASKS

PIECE_SAMPLES = 2**15  # of sound
PIECE_SYMBOLS = 2**12  # of a text, or whatever else has no sample rate


@dataclass(frozen=True, eq=False)
class Excerpt:
    """Some of a split, or all of it where it is little.

    Attributes:
        num_pieces, num_symbols: how much it is; long sequences come in pieces.
        batches: it, in crops with what comes before them, for `undertow.native.export`; they can be had once.
        bits_per_symbol: what a model spends on it, each piece from the start symbol on.
    """

    num_pieces: int
    num_symbols: int
    batches: Iterator[Batch]
    bits_per_symbol: Callable[[Any], float]


def excerpt(data: Any, model: Model, split: str, num_symbols: int, say: Say) -> Excerpt:
    """So many symbols at most of a split of some data.

    Args:
        data: a data section.
        say: takes lines on files that were changed or skipped.

    Raises:
        UsageError: the model is not of such data, or does not generate.
        DataError: the data cannot be used, or has what the model does not know.
    """
    needs = require(model, "generate").needs
    return of_examples(TASKS[data.kind](data, say).read(split, needs), model, num_symbols)


def of_examples(examples: Examples, model: Model, num_symbols: int) -> Excerpt:
    """So many symbols of the examples at most."""
    if examples.num_symbols > num_symbols:
        steps = PIECE_SAMPLES if model.needs.alphabet.real == "sound" else PIECE_SYMBOLS
        examples = spread_pieces(examples, steps, num_symbols / examples.num_symbols)
    batches = calibration_batches(model, examples)
    return Excerpt(len(examples), examples.num_symbols, batches, lambda one: bits_per_symbol(one, examples))
