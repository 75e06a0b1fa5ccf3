"""Beam search: keep the best few partial targets of a source at every step (Sutskever et al., arXiv 1409.3215).

A hypothesis that ends leaves the beam, which is then narrower by one; so a beam of 1 is greedy search. Scores:

    log p(Y | X)                        ByteNet's rule (arXiv 1610.10099): a hypothesis must end
    log p(Y | X) / ((5 + |Y|) / 6)^a    with a length penalty a (Wu et al., arXiv 1609.08144, eq. 14)

|Y| counts the end symbol. Partial targets are compared by log p alone, because they are equally long.

B sources, S source steps, K beam, R partial targets, T symbols written, P parameters.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from undertow.decoding.targets import NOT_NUMBERS, begin, longest, only_end, open_session
from undertow.errors import DataError
from undertow.models.seq2seq import Seq2Seq
from undertow.options import SEARCH, Search
from undertow.session import Session
from undertow.session.inference import inference


@dataclass(frozen=True)
class Hypothesis:
    """A target that a model wrote.

    Attributes:
        symbols: (T,) int64, without the end.
        log_prob: nats, of the symbols and the end.
        ended: whether the model ended it; False if it was cut off at the maximum length.
        score: the value to rank it by.
    """

    symbols: np.ndarray
    log_prob: float
    ended: bool
    score: float


def beam_search(
    model: Seq2Seq, source: Tensor, lengths: Tensor, search: Search = SEARCH, session: Session | None = None
) -> list[list[Hypothesis]]:
    """The best targets of each source, best first and distinct; fewer than `n_best` only if there are no more.

    A source leaves the batch when no partial target can still become one of its n best.

    Args:
        source: (B, S) int64 symbols, each row with its end symbol, or (B, S, C) frames.
        lengths: (B,) int64, steps of each.
        search: its batch size, sampling and seed are ignored. A beam of 1 is greedy search. At the maximum length only
            the end symbol is allowed; the result of a function is limited to what the decoder can hold.
        session: of the model, whose rows are replaced; by default a new one.

    Raises:
        UsageError: the maximum length is out of range.
        DataError: the model's parameters are not numbers.
    """
    if not len(source):
        return []
    limits = longest(model, lengths, search.max_length)
    found = [Found(search, int(limit)) for limit in limits]
    with inference(model):
        session = begin(model, source, lengths, session or open_session(model, search.cached), search.beam)
        if search.beam == 1:
            _write_best(model, session, limits, found)
            return [one.best for one in found]
        alive = _beginnings(len(source))
        while len(alive.source):
            nats = _log_probs(session.peek())
            nats = only_end(nats, limits[alive.source] == alive.num_written + 1, model.end_symbol)
            longer = _extended(alive, nats, found)
            ends = longer.written[:, -1] == model.end_symbol
            _keep(longer.rows(ends), found)
            longer = longer.rows(~ends)
            before, alive = len(alive.source), longer.rows(~_settled(longer, found)[longer.source])
            if len(alive.source) and not np.array_equal(alive.parent, np.arange(before)):
                session.select(alive.parent)
            if len(alive.source):
                session.feed(torch.from_numpy(alive.written[:, -1:]))
    if not all(one.hypotheses for one in found):
        raise DataError(NOT_NUMBERS)
    return [one.best for one in found]


def _write_best(model: Seq2Seq, session: Session, limits: np.ndarray, found: list["Found"]) -> None:
    """Greedy search of all sources: the session writes several symbols at once, and those after an end are dropped."""
    end, rows = model.end_symbol, np.arange(len(found))
    log_prob, written = np.zeros((len(rows), 1)), np.empty((len(rows), 0), dtype=np.int64)
    while len(rows):
        symbols, params = session.draw_best(int(limits[rows].min()) - written.shape[1])
        best, num_written = symbols.numpy().copy(), written.shape[1] + symbols.shape[1]
        best[limits[rows] == num_written, -1] = end
        if (best > end).any():
            raise DataError(NOT_NUMBERS)
        nats = _log_probs(params).gather(2, torch.from_numpy(best)[:, :, None].to(params.device))
        sums = np.concatenate([log_prob, nats[:, :, 0].double().cpu().numpy()], axis=1).cumsum(axis=1)
        if not np.isfinite(sums).all():
            raise DataError(NOT_NUMBERS)
        written, ends = np.concatenate([written, best], axis=1), best == end
        for row in np.flatnonzero(ends.any(axis=1)):
            first = int(ends[row].argmax()) + 1
            length = num_written - best.shape[1] + first
            found[rows[row]].keep(written[row, :length].copy(), float(sums[row, first]))
        left = np.flatnonzero(~ends.any(axis=1))
        if 0 < len(left) < len(rows):
            session.select(left)
        rows, log_prob, written = rows[left], sums[left, -1:], written[left]


def length_normalised(log_prob: float, num_symbols: int, length_penalty: float) -> float:
    """The score of a target of `num_symbols` symbols, its end included."""
    return log_prob / ((5 + num_symbols) / 6) ** length_penalty


class Alive(NamedTuple):
    """Partial targets, source by source; of each source, the best first.

    Attributes:
        source: (R,), the source of each.
        parent: (R,), the row that it extends.
        log_prob: (R,) float64 nats.
        written: (R, T) int64 symbols.
    """

    source: np.ndarray
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
    """The complete hypotheses of a source.

    Attributes:
        limit: most symbols of a target, its end included.
    """

    search: Search
    limit: int
    hypotheses: list[Hypothesis] = field(default_factory=list)

    @property
    def best(self) -> list[Hypothesis]:
        """The n best, best first."""
        return sorted(self.hypotheses, key=lambda one: -one.score)[: self.search.n_best]

    @property
    def width(self) -> int:
        """The number of partial targets to keep besides the complete hypotheses."""
        return self.search.beam - len(self.hypotheses)

    def keep(self, written: np.ndarray, log_prob: float) -> None:
        """Add a complete hypothesis; `written` (T,) includes its end."""
        score = length_normalised(log_prob, len(written), self.search.length_penalty or 0.0)
        self.hypotheses.append(Hypothesis(written[:-1], log_prob, len(written) < self.limit, score))

    def is_settled(self, log_prob: float) -> bool:
        """Whether no partial target of at most this log-probability can become one of the n best.

        A target only becomes less probable, and the score divides most for the longest.
        """
        if len(self.hypotheses) < self.search.n_best:
            return False
        bound = length_normalised(log_prob, self.limit, self.search.length_penalty or 0.0)
        return bound <= self.best[-1].score


def _beginnings(num_sources: int) -> Alive:
    rows = np.arange(num_sources)
    return Alive(rows, rows, np.zeros(num_sources), np.empty((num_sources, 0), dtype=np.int64))


def _log_probs(params: Tensor) -> Tensor:
    """Nats (R, P) of each symbol, in single precision at least."""
    return params.to(torch.promote_types(params.dtype, torch.float32)).log_softmax(dim=-1)


def _extended(alive: Alive, nats: Tensor, found: list[Found]) -> Alive:
    """Each source's most probable partial targets with one more symbol, as many as its beam is wide."""
    top = nats.topk(min(found[0].search.beam, nats.shape[1]), dim=-1)
    log_prob = (alive.log_prob[:, None] + top.values.cpu().numpy()).ravel()
    if np.isnan(log_prob).any():
        raise DataError(NOT_NUMBERS)
    parent = np.arange(len(nats)).repeat(top.values.shape[1])
    order = np.lexsort((-log_prob, alive.source[parent]))  # of equals, the best parent's first, as they stand
    source = alive.source[parent[order]]
    rank = np.arange(len(order)) - np.searchsorted(source, source)
    width = np.array([one.width for one in found])
    taken = (rank < width[source]) & (log_prob[order] > -np.inf)
    order = order[taken]
    symbols = top.indices.cpu().numpy().ravel()[order]
    written = np.concatenate([alive.written[parent[order]], symbols[:, None]], axis=1)
    return Alive(source[taken], parent[order], log_prob[order], written)


def _keep(ended: Alive, found: list[Found]) -> None:
    for source, log_prob, written in zip(ended.source, ended.log_prob, ended.written, strict=True):
        found[source].keep(written, float(log_prob))


def _settled(alive: Alive, found: list[Found]) -> np.ndarray:
    """Which sources are done, because their partial targets can no longer matter: (B,) bool."""
    most = np.full(len(found), -np.inf)
    np.maximum.at(most, alive.source, alive.log_prob)
    return np.array([one.is_settled(float(bound)) for one, bound in zip(found, most, strict=True)], dtype=bool)
