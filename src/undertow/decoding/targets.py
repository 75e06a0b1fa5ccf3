"""Targets of sources while they are decoded: where they begin, what may follow, and how long they may be.

B sources, S source steps, R rows, P parameters.
"""

import numpy as np
import torch
from torch import Tensor

from undertow.errors import UsageError
from undertow.models.seq2seq import Seq2Seq
from undertow.options import MaxLength
from undertow.session import Encoded, Session, make_session

LONGER = 50  # than the source a target may be: the Transformer's rule (arXiv 1706.03762, §6.1)
NOT_NUMBERS = "the model's parameters are not numbers; nothing can be written with it"


def begin(model: Seq2Seq, source: Tensor, lengths: Tensor, cached: bool) -> Session:
    """A session with a row for each source (B, S), or frames (B, S, C), of these lengths (B,); nothing is written yet.

    Args:
        cached: step from a state; otherwise read the whole target again for every symbol.
    """
    dtype = next(model.parameters()).dtype if source.is_floating_point() else source.dtype
    condition = model.encode(source.to(model.device, dtype), lengths.to(model.device))
    session = make_session(model, "torch" if cached else "uncached")
    nothing = torch.zeros(0, dtype=torch.int64)
    session.prime([nothing] * len(source), Encoded(len(source), condition))
    return session


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
