"""What search and sampling share: a session over sources, the forced end, and the maximum length.

B sources, S source steps, R rows, P parameters.
"""

import numpy as np
import torch
from torch import Tensor

from undertow.errors import UsageError, counted
from undertow.models.seq2seq import Seq2Seq
from undertow.options import MaxLength
from undertow.session import Encoded, Session, make_session

LONGER = 50  # most symbols that a target may be longer than its source, as in the Transformer (arXiv 1706.03762, §6.1)
NOT_NUMBERS = "the model's parameters are not numbers, so it cannot write anything"


def open_session(model: Seq2Seq, cached: bool) -> Session:
    """A session without rows: of the fastest engine, or one that reads the whole target again for every symbol."""
    return make_session(model, "auto" if cached else "uncached")


def begin(model: Seq2Seq, source: Tensor, lengths: Tensor, session: Session, rows: int = 1) -> Session:
    """The session, with an empty row for each source (B, S), or frames (B, S, C), of lengths (B,).

    Args:
        rows: the most that there will be of each source.
    """
    dtype = next(model.parameters()).dtype if source.is_floating_point() else source.dtype
    given = Encoded(model, len(source), source.to(model.device, dtype), lengths.to(model.device))
    nothing = torch.zeros(0, dtype=torch.int64)
    session.prime([nothing] * len(source), given, most_rows=rows * len(source))
    return session


def only_end(logits: Tensor, at_limit: np.ndarray, end: int) -> Tensor:
    """Logits (R, P) that allow only the end symbol in rows that are at their limit (R,)."""
    if not at_limit.any():
        return logits
    others = torch.arange(logits.shape[1], device=logits.device) != end
    return logits.masked_fill(torch.from_numpy(at_limit).to(logits.device)[:, None] & others, -torch.inf)


def longest(model: Seq2Seq, lengths: Tensor, max_length: MaxLength) -> np.ndarray:
    """The most symbols of each row's target, its end included: (B,) int64.

    Args:
        lengths: (B,), steps of each source.
        max_length: a number for all rows, or a function of a source's length; by default that length plus 50. The
            last two are limited to what the decoder can hold.

    Raises:
        UsageError: it is below 1, or a number above what the decoder can hold.
    """
    holds = model.network.decoder.max_length
    if max_length is not None and not callable(max_length):
        if max_length < 1:
            raise UsageError(f"max_length is {max_length}; it must be 1 or more, for the end symbol")
        if holds is not None and max_length > holds:
            raise UsageError(f"max_length is {max_length}; this model writes {counted(holds, 'symbol')} at most")
        return np.full(len(lengths), max_length)
    found = [length + LONGER if max_length is None else max_length(length) for length in lengths.tolist()]
    if min(found, default=1) < 1:
        raise UsageError(f"max_length gives {min(found)}; it must give 1 or more, for the end symbol")
    return np.array(found if holds is None else [min(one, holds) for one in found], dtype=np.int64)
