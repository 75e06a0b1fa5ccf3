"""Sample targets of sources symbol by symbol from the model's distribution, each with its own noise.

B sources, S source steps, R rows that have not ended, P parameters.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from undertow.decoding.beam import Hypothesis
from undertow.decoding.targets import NOT_NUMBERS, begin, longest, only_end, open_session
from undertow.errors import DataError
from undertow.models.seq2seq import Seq2Seq
from undertow.options import PLAIN, SEARCH, Search
from undertow.session import Session
from undertow.session.inference import inference
from undertow.session.noise import Philox


def draw_targets(
    model: Seq2Seq,
    source: Tensor,
    lengths: Tensor,
    search: Search = SEARCH,
    rows: Sequence[int] | None = None,
    session: Session | None = None,
) -> list[Hypothesis]:
    """Draw a target of each source; its log-probability and score are the model's own, whatever the sampling.

    The result is a function of the source, the seed and the row's number, not of the batch.

    Args:
        source: (B, S) int64 symbols, each row with its end symbol, or (B, S, C) frames.
        lengths: (B,) int64, steps of each.
        search: sampling (by default the distribution itself), seed, maximum length, and cached.
        rows: numbers of the rows of noise (`undertow.session.noise`); by default 0 to B - 1.
        session: of the model, whose rows are replaced; by default a new one.

    Raises:
        UsageError: a number out of range.
        DataError: the model's parameters are not numbers.
    """
    num_rows, start = len(source), model.end_symbol + 1
    limits, sampling = longest(model, lengths, search.max_length), search.sampling or PLAIN
    noise = Philox([search.seed] * num_rows, range(num_rows) if rows is None else rows, [0] * num_rows, 1)
    written, log_prob = np.full((num_rows, int(limits.max(initial=0))), start), np.zeros(num_rows)
    num_written, alive = np.zeros(num_rows, dtype=np.int64), np.arange(num_rows)
    with inference(model):
        session = begin(model, source, lengths, session or open_session(model, search.cached))
        for step in range(written.shape[1]):
            params = session.peek()
            allowed = only_end(params, limits[alive] == step + 1, model.end_symbol)
            uniforms = torch.from_numpy(noise.next(1)[alive, 0]).to(params.device)
            drawn = model.emission.sample(allowed, uniforms, sampling)
            last = drawn.cpu().numpy()
            if (last > model.end_symbol).any():
                raise DataError(NOT_NUMBERS)
            written[alive, step] = last
            log_prob[alive] += model.emission.log_prob(params, drawn).double().cpu().numpy()
            num_written[alive] = step + 1
            left = np.flatnonzero(last != model.end_symbol)
            if len(left) == 0:
                break
            if len(left) < len(last):
                session.select(left)
            alive = alive[left]
            session.feed(torch.from_numpy(last[left])[:, None])
    ended = num_written < limits
    parts = zip(written, num_written, log_prob.tolist(), ended.tolist(), strict=True)
    return [Hypothesis(row[: length - 1].copy(), nats, by_itself, nats) for row, length, nats, by_itself in parts]
