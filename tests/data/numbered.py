"""Sequences whose symbols count on, so that each tells where it comes from."""

from itertools import pairwise

import numpy as np

from undertow.data.sequences import SequenceSet


def numbered(*lengths: int, **settings) -> SequenceSet:
    """Sequences whose every symbol is its place in all of them together, plus one: no symbol is like padding."""
    ends = np.cumsum((0, *lengths))
    return SequenceSet([np.arange(first + 1, stop + 1) for first, stop in pairwise(ends)], **settings)


def counted_symbols(batches) -> list[int]:
    return [symbol for batch in batches for symbol in batch.symbols[batch.counted].tolist()]
