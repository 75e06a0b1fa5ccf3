"""Beam search for the target of a source: the best few beginnings are kept at every step (Sutskever et al., 1409.3215).

A hypothesis that ends leaves the beam, which is then narrower by one; so a beam of 1 is the greedy search. Scores:

    log p(Y | X)                        ByteNet's rule (arXiv 1610.10099): only what ends is a hypothesis
    log p(Y | X) / ((5 + |Y|) / 6)^a    with a length penalty a (Wu et al., arXiv 1609.08144, eq. 14)

|Y| counts the end symbol. Beginnings are compared by log p alone, being equally long.

B sources, S source steps, K beam, R rows alive, T symbols written, P parameters.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from undertow.errors import DataError, UsageError
from undertow.generation.inference import inference
from undertow.generation.writers import MaxLength, longest, make_writer, only_end, symbols_for
from undertow.models.seq2seq import Seq2Seq

NOT_NUMBERS = "the model's parameters are not numbers; nothing can be written with it"
LENGTH_PENALTY = 0.6  # the Transformer's (arXiv 1706.03762, §6.1)
MOST_PENALTY = 10


@dataclass(frozen=True)
class Hypothesis:
    """A target that a model wrote.

    Attributes:
        symbols: (T,) int64, without the end.
        log_prob: nats, of the symbols and the end.
        ended: by itself; False where the end came because nothing else was allowed.
        score: what it is ranked by.
    """

    symbols: np.ndarray
    log_prob: float
    ended: bool
    score: float


def beam_search(
    model: Seq2Seq,
    source: Tensor,
    lengths: Tensor,
    *,
    beam: int = 1,
    n_best: int = 1,
    length_penalty: float | None = LENGTH_PENALTY,
    max_length: MaxLength = None,
    cached: bool = True,
) -> list[list[Hypothesis]]:
    """The best targets of each source, best first, no two the same; fewer than `n_best` only where there are no more.

    A source leaves the batch when nothing alive can still come among its n best, whatever follows.

    Args:
        source: (B, S) int64 symbols, each row's end symbol among them, or (B, S, C) frames.
        lengths: (B,) int64, steps of each.
        beam: K; 1 is the greedy search.
        length_penalty: a; 0 or None ranks by log-probability alone.
        max_length: symbols of a target at most, its end among them, of each row or by its source's length; the end is
            the only symbol allowed there. By default the source's length and 50, and no more than the decoder holds.
        cached: step from a state; otherwise read the whole target again for every symbol, for the same result.

    Raises:
        UsageError: numbers out of range, or that do not go together.
        DataError: the model's parameters are not numbers.
    """
    check_search(beam, n_best, length_penalty)
    if not len(source):
        return []
    limits = longest(model, lengths, max_length)
    found = [Found(beam, n_best, length_penalty or 0.0, int(limit)) for limit in limits]
    with inference(model):
        writer, alive = make_writer(model, source, lengths, cached), _beginnings(len(source))
        while len(alive.source):
            last = alive.written[:, -1] if alive.num_written else np.full(len(source), model.end_symbol + 1)
            nats = _log_probs(writer.next(symbols_for(model, last)))
            nats = only_end(nats, limits[alive.source] == alive.num_written + 1, model.end_symbol)
            longer = _extended(alive, nats, found)
            ends = longer.written[:, -1] == model.end_symbol
            _keep(longer.rows(ends), found)
            longer = longer.rows(~ends)
            before, alive = len(alive.source), longer.rows(~_settled(longer, found)[longer.source])
            if not np.array_equal(alive.parent, np.arange(before)):
                writer.select(alive.parent)
    if not all(one.hypotheses for one in found):
        raise DataError(NOT_NUMBERS)
    return [one.best for one in found]


def check_search(beam: int, n_best: int, length_penalty: float | None) -> None:
    """Refuse numbers that `beam_search` cannot search by.

    Raises:
        UsageError: one of them is out of range, or they do not go together.
    """
    if beam < 1:
        raise UsageError(f"beam is {beam}; it must be 1 or more")
    if not 1 <= n_best <= beam:
        raise UsageError(f"n_best is {n_best}; it must be from 1 to the beam, which is {beam}")
    if length_penalty is not None and not 0 <= length_penalty <= MOST_PENALTY:
        raise UsageError(f"length_penalty is {length_penalty}; it must be from 0 to {MOST_PENALTY}")


def length_normalised(log_prob: float, num_symbols: int, length_penalty: float) -> float:
    """The score of a target of so many symbols, its end among them."""
    return log_prob / ((5 + num_symbols) / 6) ** length_penalty


class Alive(NamedTuple):
    """Beginnings that have not ended.

    Attributes:
        source: (R,), which source each is for.
        rank: (R,), its place among those of its source, the best first.
        parent: (R,), the row it came from.
        log_prob: (R,) float64 nats.
        written: (R, T) int64.
    """

    source: np.ndarray
    rank: np.ndarray
    parent: np.ndarray
    log_prob: np.ndarray
    written: np.ndarray

    @property
    def num_written(self) -> int:
        """T."""
        return self.written.shape[1]

    def rows(self, rows: np.ndarray) -> "Alive":
        """Some of them."""
        return Alive(*(part[rows] for part in self))


@dataclass
class Found:
    """The hypotheses of a source that have ended, and what others must beat.

    Attributes:
        limit: the longest a target may be, its end among it.
    """

    beam: int
    n_best: int
    length_penalty: float
    limit: int
    hypotheses: list[Hypothesis] = field(default_factory=list)

    @property
    def best(self) -> list[Hypothesis]:
        """The n best, best first."""
        return sorted(self.hypotheses, key=lambda one: -one.score)[: self.n_best]

    @property
    def width(self) -> int:
        """How many may be alive beside those that have ended."""
        return self.beam - len(self.hypotheses)

    def keep(self, written: np.ndarray, log_prob: float) -> None:
        """One more that has ended, its end among what is written (T,)."""
        score = length_normalised(log_prob, len(written), self.length_penalty)
        self.hypotheses.append(Hypothesis(written[:-1], log_prob, len(written) < self.limit, score))

    def is_settled(self, log_prob: float) -> bool:
        """Whether nothing that is now at most this probable can come among the n best.

        It only gets less probable, and the longest of all is normalised the most.
        """
        bound = length_normalised(log_prob, self.limit, self.length_penalty)
        return len(self.hypotheses) >= self.n_best and bound <= self.best[-1].score


def _beginnings(num_sources: int) -> Alive:
    rows, none = np.arange(num_sources), np.zeros(num_sources, dtype=np.int64)
    return Alive(rows, none, rows, np.zeros(num_sources), np.empty((num_sources, 0), dtype=np.int64))


def _log_probs(params: Tensor) -> Tensor:
    """Nats (R, P) of each symbol, in single precision at least."""
    return params.to(torch.promote_types(params.dtype, torch.float32)).log_softmax(dim=-1)


def _extended(alive: Alive, nats: Tensor, found: list[Found]) -> Alive:
    """Each source's most probable beginnings that are one symbol longer, as many as its beam is wide."""
    top = nats.topk(min(found[0].beam, nats.shape[1]), dim=-1)
    log_prob = (alive.log_prob[:, None] + top.values.double().cpu().numpy()).ravel()
    if np.isnan(log_prob).any():
        raise DataError(NOT_NUMBERS)
    parent, column = (part.ravel() for part in np.indices(top.indices.shape))
    order = np.lexsort((column, alive.rank[parent], -log_prob, alive.source[parent]))
    source = alive.source[parent[order]]
    rank = np.arange(len(order)) - np.searchsorted(source, source)
    width = np.array([one.width for one in found])
    taken = (rank < width[source]) & (log_prob[order] > -np.inf)
    order = order[taken]
    symbols = top.indices.cpu().numpy().ravel()[order]
    written = np.concatenate([alive.written[parent[order]], symbols[:, None]], axis=1)
    return Alive(source[taken], rank[taken], parent[order], log_prob[order], written)


def _keep(ended: Alive, found: list[Found]) -> None:
    for source, log_prob, written in zip(ended.source, ended.log_prob, ended.written, strict=True):
        found[source].keep(written, float(log_prob))


def _settled(alive: Alive, found: list[Found]) -> np.ndarray:
    """Which sources are done with, whatever their beginnings become: (B,) bool."""
    most = np.full(len(found), -np.inf)
    np.maximum.at(most, alive.source, alive.log_prob)
    return np.array([one.is_settled(float(bound)) for one, bound in zip(found, most, strict=True)], dtype=bool)
