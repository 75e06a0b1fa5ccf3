"""Targets of any number of sources: batched by length, decoded, and returned in the order of the sources.

F feature frames, C channels, S source steps.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from torch import Tensor

from undertow.alphabets import Subwords
from undertow.callbacks import OnProgress
from undertow.data.batches import collate_sources
from undertow.decoding.beam import Hypothesis, beam_search
from undertow.decoding.drawing import draw_targets
from undertow.decoding.targets import open_session
from undertow.models.seq2seq import Seq2Seq
from undertow.options import SEARCH, Search
from undertow.session import Session


def decode_sources(
    model: Seq2Seq,
    sources: Sequence[np.ndarray],
    search: Search = SEARCH,
    *,
    rows: Sequence[int] | None = None,
    progress: OnProgress | None = None,
) -> list[list[Hypothesis]]:
    """The targets of each source, best first.

    Args:
        sources: symbols (S,) int64 without their ends, or frames (F, C) float32.
        rows: numbers of the sources, for the noise; by default 0, 1, 2 …
        progress: called after each batch with the sources done and the sources in all.

    Raises:
        UsageError: a source or `max_length` is longer than the model can hold.
        DataError: the model's parameters are not numbers.
    """
    numbers = range(len(sources)) if rows is None else rows
    order = sorted(range(len(sources)), key=lambda index: -len(sources[index]))
    found: list[list[Hypothesis]] = [[] for _ in sources]
    session = open_session(model, search.cached)
    for first in range(0, len(order), search.batch_size):
        batch = order[first : first + search.batch_size]
        source, lengths = collate_sources([sources[index] for index in batch], model.source_end)
        decoded = _decoded(model, source, lengths, [numbers[index] for index in batch], search, session)
        for index, hypotheses in zip(batch, decoded, strict=True):
            found[index] = hypotheses
        if progress is not None:
            progress(first + len(batch), len(order))
    return found


def _decoded(
    model: Seq2Seq, source: Tensor, lengths: Tensor, rows: Sequence[int], search: Search, session: Session
) -> list[list[Hypothesis]]:
    """The hypotheses of each source of a batch, best first; row r draws from rows r·n to r·n + n - 1 of the noise.

    For sub-words a search returns more than n hypotheses, to find n different texts: a text can be cut into sub-words
    in several ways.
    """
    count = search.n_best
    if search.sampling is None:
        several = count > 1 and isinstance(model.alphabet, Subwords)
        return beam_search(model, source, lengths, replace(search, n_best=search.beam) if several else search, session)
    sources, numbers = source.repeat_interleave(count, dim=0), [row * count + n for row in rows for n in range(count)]
    drawn = draw_targets(model, sources, lengths.repeat_interleave(count), search, numbers, session)
    groups = [drawn[first : first + count] for first in range(0, len(drawn), count)]
    return [sorted(group, key=lambda one: -one.score) for group in groups]
