"""Rows of targets as they are written: the parameters of each row's next symbol, and which rows go on.

B sources, S source steps, R rows, T symbols written, P parameters.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from undertow import state
from undertow.errors import UsageError
from undertow.models.seq2seq import Seq2Seq

LONGER = 50  # than the source a target may be: the Transformer's rule (arXiv 1706.03762, §6.1)
FIRST_ROOM = 16
MaxLength = int | Callable[[int], int] | None


class Writer(ABC):
    """Begins with one row for each source; nothing is written yet."""

    @abstractmethod
    def next(self, symbols: Tensor) -> Tensor:
        """Parameters (R, P) of what follows the next symbol of each row (R,), the start symbol first of all."""

    @abstractmethod
    def select(self, rows: np.ndarray) -> None:
        """Go on with these rows, in this order and as often as they are named."""


class CachedWriter(Writer):
    """Steps the decoder from a state, which has room for hardly more than is written: that is what `select` moves."""

    def __init__(self, model: Seq2Seq, source: Tensor, lengths: Tensor) -> None:
        self.model, self._num_written, self._room = model, 0, 0
        self._state = model.init_state(len(source), model.encode(source, lengths))

    def next(self, symbols: Tensor) -> Tensor:
        self._num_written += 1
        if self._num_written > self._room:
            self._room = max(FIRST_ROOM, 2 * self._room)
            self._state = self.model.network.decoder.with_room(self._state, self._room)
        params, self._state = self.model.step(symbols[:, None], self._state)
        return params[:, 0]

    def select(self, rows: np.ndarray) -> None:
        self._state = state.select(self._state, torch.from_numpy(rows))


class UncachedWriter(Writer):
    """Reads all that is written again for every symbol: what a cache saves, and a check of every cache."""

    def __init__(self, model: Seq2Seq, source: Tensor, lengths: Tensor) -> None:
        self.model, self._condition = model, model.encode(source, lengths)
        self._written = torch.empty(len(source), 0, dtype=torch.int64, device=source.device)

    def next(self, symbols: Tensor) -> Tensor:
        self._written = torch.cat([self._written, symbols[:, None]], dim=1)
        return self.model.predict(self._written, self._condition)

    def select(self, rows: np.ndarray) -> None:
        chosen = torch.from_numpy(rows).to(self._written.device)
        self._written, self._condition = self._written[chosen], self._condition.rows(chosen)


def make_writer(model: Seq2Seq, source: Tensor, lengths: Tensor, cached: bool) -> Writer:
    """A writer of the targets of sources (B, S), or frames (B, S, C), of these lengths (B,), on the model's device."""
    parameter = next(model.parameters())
    source = source.to(parameter.device, parameter.dtype if source.is_floating_point() else source.dtype)
    return (CachedWriter if cached else UncachedWriter)(model, source, lengths.to(parameter.device))


def symbols_for(model: Seq2Seq, symbols: np.ndarray) -> Tensor:
    """Symbols (R,) on the model's device."""
    return torch.from_numpy(symbols).to(next(model.parameters()).device)


def only_end(logits: Tensor, at_limit: np.ndarray, end: int) -> Tensor:
    """Logits (R, P) that leave nothing but the end symbol to the rows that are at their limit (R,)."""
    if not at_limit.any():
        return logits
    others = torch.arange(logits.shape[1], device=logits.device) != end
    return logits.masked_fill(torch.from_numpy(at_limit).to(logits.device)[:, None] & others, -torch.inf)


def longest(model: Seq2Seq, lengths: Tensor, max_length: MaxLength) -> np.ndarray:
    """The most symbols that each row's target may have, its end among them: (B,) int64.

    Args:
        lengths: (B,), steps of each source.
        max_length: for all rows; or what makes it of a source's length; by default the source's and 50 more. The last
            two never ask for more than the decoder holds.

    Raises:
        UsageError: it is below 1, or more than the decoder holds.
    """
    holds = model.network.decoder.max_length
    if max_length is not None and not callable(max_length):
        if max_length < 1:
            raise UsageError(f"max_length is {max_length}; it must be 1 or more, for the end symbol")
        if holds is not None and max_length > holds:
            raise UsageError(f"max_length is {max_length}; this model writes {holds} symbols at most")
        return np.full(len(lengths), max_length)
    found = [length + LONGER if max_length is None else max_length(length) for length in lengths.tolist()]
    if min(found, default=1) < 1:
        raise UsageError(f"max_length gives {min(found)}; it must be 1 or more, for the end symbol")
    return np.array(found if holds is None else [min(one, holds) for one in found], dtype=np.int64)
