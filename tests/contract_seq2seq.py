"""The one test of every model that makes a sequence from another, in float64 on the CPU."""

from dataclasses import replace

import torch
from torch import Tensor

from tests.contract import assert_close
from undertow import state as states
from undertow.batch import Batch
from undertow.models import Seq2Seq


def check_seq2seq(model: Seq2Seq, batch: Batch) -> None:
    """Streamed, uncached and parallel agree; nothing looks ahead; what is behind a row's ends is nothing."""
    model = model.double().eval()
    with torch.no_grad():
        log_prob = model.log_prob(batch)
        check_written_step_by_step(model, batch, log_prob)
        check = check_density_causality if model.is_density else check_writing_causality
        check(model, batch, log_prob)
        check_rows_of_pairs(model, batch, log_prob)
        assert_close(model(batch).value, -log_prob.sum() / batch.num_counted)


def check_written_step_by_step(model: Seq2Seq, batch: Batch, log_prob: Tensor) -> None:
    """From a state that holds the source, rows selected on the way, and without one, each step is that of one pass."""
    condition, past = model.encode(batch.source, batch.source_lengths), model.past(batch.symbols)
    state = model.init_state(len(past), condition)
    turned = torch.arange(len(past)).flip(0)
    for time in range(batch.symbols.shape[1]):
        params, state = model.step(past[:, time : time + 1], state)
        found = model.emission.log_prob(params[:, 0], batch.symbols[:, time])
        assert_close(found.where(batch.counted[:, time], 0.0), log_prob[:, time])
        assert_close(model.predict(past[:, : time + 1], condition), params[:, 0])
        state, past = states.select(state, turned), past[turned]
        batch, log_prob, condition = _rows_of_pairs(batch, turned), log_prob[turned], condition.rows(turned)


def check_writing_causality(model: Seq2Seq, batch: Batch, log_prob: Tensor) -> None:
    """p(y_t) sums to one over all symbols and the end; no step before t sees y_t, and the next one does."""
    num_symbols, (batch_size, num_steps) = model.end_symbol + 1, batch.symbols.shape
    whole = replace(batch, counted=torch.ones_like(batch.counted))
    for time in range(0, num_steps, max(1, num_steps // 4)):
        rows = torch.arange(batch_size).repeat(num_symbols)
        everything = _rows_of_pairs(whole, rows)
        everything.symbols[:, time] = torch.arange(num_symbols).repeat_interleave(batch_size)
        found = model.log_prob(everything).unflatten(0, (num_symbols, batch_size))
        assert_close(found[:, :, time].logsumexp(dim=0), torch.zeros(batch_size).double())
        assert_close(found[:, :, :time], found[:1, :, :time].expand(num_symbols, -1, -1))
        if time + 1 < num_steps:
            assert (found[:, :, time + 1].amax(dim=0) - found[:, :, time + 1].amin(dim=0) > 1e-6).all()


def check_density_causality(model: Seq2Seq, batch: Batch, log_prob: Tensor) -> None:
    """Of frames: no step before t sees y_t, and the next one does; no step sees a flag."""
    for time in range(batch.symbols.shape[1] - 1):
        changed = replace(batch, symbols=batch.symbols.clone())
        changed.symbols[:, time, :-1] += 1.0
        found = model.log_prob(changed)
        assert torch.equal(found[:, :time], log_prob[:, :time])
        assert ((found - log_prob)[:, time + 1].abs() > 1e-6)[batch.counted[:, time + 1]].all()
        changed.symbols[:, time] = batch.symbols[:, time]
        changed.symbols[:, time, -1] = 1 - batch.symbols[:, time, -1]
        assert torch.equal(model.log_prob(changed)[:, time + 1 :], log_prob[:, time + 1 :])


def check_rows_of_pairs(model: Seq2Seq, batch: Batch, log_prob: Tensor) -> None:
    """A row alone, without padding, has the same likelihood; so it has with garbage behind its source and target."""
    garbage = replace(batch, source=batch.source.clone(), symbols=batch.symbols.clone())
    for row, length in enumerate(batch.source_lengths.tolist()):
        garbage.source[row, length:] = garbage.source[row, length:].flip(0) * 0 + 1
        garbage.symbols[row, ~batch.counted[row]] = 1
        num_steps = int(batch.counted[row].sum())
        alone = _rows_of_pairs(batch, torch.tensor([row]))
        alone = replace(alone, source=alone.source[:, :length], symbols=alone.symbols[:, :num_steps])
        found = model.log_prob(replace(alone, counted=alone.counted[:, :num_steps]))
        assert_close(found[0], log_prob[row, :num_steps])
    assert_close(model.log_prob(garbage), log_prob)


def _rows_of_pairs(batch: Batch, rows: Tensor) -> Batch:
    source, lengths = batch.source[rows], batch.source_lengths[rows]
    return replace(
        batch, symbols=batch.symbols[rows], counted=batch.counted[rows], source=source, source_lengths=lengths
    )
