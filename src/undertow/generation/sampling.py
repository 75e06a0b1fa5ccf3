"""Targets of sources drawn symbol by symbol from what the model says, each from noise of its own.

B sources, S source steps, R rows that go on, P parameters.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from undertow.emissions import Sampling
from undertow.errors import DataError
from undertow.generation.beam import NOT_NUMBERS, Hypothesis
from undertow.generation.inference import inference
from undertow.generation.noise import Philox
from undertow.generation.writers import MaxLength, longest, make_writer, only_end, symbols_for
from undertow.models.seq2seq import Seq2Seq


def sample(
    model: Seq2Seq,
    source: Tensor,
    lengths: Tensor,
    *,
    sampling: Sampling,
    seed: int = 0,
    rows: Sequence[int] | None = None,
    max_length: MaxLength = None,
    cached: bool = True,
) -> list[Hypothesis]:
    """Draw a target of each source; its log-probability, and so its score, is the model's own, whatever the sampling.

    What is drawn is a function of the source, `seed` and the row's number: not of the batch.

    Args:
        source: (B, S) int64 symbols, each row's end symbol among them, or (B, S, C) frames.
        lengths: (B,) int64, steps of each.
        rows: numbers of the rows of noise (`undertow.generation.noise`); 0 to B - 1 when not given.
        max_length, cached: as in `undertow.generation.beam.beam_search`.

    Raises:
        UsageError: a number out of range.
        DataError: the model's parameters are not numbers.
    """
    num_rows, start = len(source), model.end_symbol + 1
    limits = longest(model, lengths, max_length)
    noise = Philox([seed] * num_rows, range(num_rows) if rows is None else rows, [0] * num_rows, 1)
    written, log_prob = np.full((num_rows, int(limits.max(initial=0))), start), np.zeros(num_rows)
    num_written, alive, last = np.zeros(num_rows, dtype=np.int64), np.arange(num_rows), np.full(num_rows, start)
    with inference(model):
        writer = make_writer(model, source, lengths, cached)
        for step in range(written.shape[1]):
            params = writer.next(symbols_for(model, last))
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
                alive, last = alive[left], last[left]
                writer.select(left)
    ended = num_written < limits
    parts = zip(written, num_written, log_prob.tolist(), ended.tolist(), strict=True)
    return [Hypothesis(row[: length - 1].copy(), nats, by_itself, nats) for row, length, nats, by_itself in parts]
