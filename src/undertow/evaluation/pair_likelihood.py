"""How probable the targets of pairs are under a model, each given its source."""

import torch

from undertow.callbacks import OnProgress, unwatched
from undertow.data.pair_batches import pairs_in_order
from undertow.data.pairs import PairSet
from undertow.models.seq2seq import Seq2Seq
from undertow.session import log_prob, make_scorer

TOKENS_PER_BATCH = 16_384  # source and target


def pair_nats(model: Seq2Seq, pairs: PairSet, progress: OnProgress = unwatched) -> tuple[float, int]:
    """Nats of all targets under a model, given their sources, and their symbols; ends are among both.

    An exported model is scored by the native engine, in its own precision.
    """
    like, scorer = next(model.parameters()), make_scorer(model)
    nats, number, done = 0.0, 0, 0
    for batch in pairs_in_order(pairs, TOKENS_PER_BATCH):
        found = log_prob(scorer, batch.to(like.device, like.dtype), TOKENS_PER_BATCH)
        nats -= float(found.sum(dtype=torch.float64))
        number += batch.num_counted
        done += len(batch.symbols)
        progress(done, len(pairs))
    return nats, number
