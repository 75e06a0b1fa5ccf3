"""Log-probability of given sequences: teacher forcing with a session's `feed`.

B batch, T steps, E elements of a vector symbol.
"""

import torch
from torch import Tensor

from undertow.batch import Batch
from undertow.callbacks import OnProgress, unwatched
from undertow.session.conditions import conditions_of
from undertow.session.inference import inference
from undertow.session.session import Session


def log_prob(session: Session, batch: Batch, piece_steps: int, progress: OnProgress = unwatched) -> Tensor:
    """Log-probability of each symbol in nats, (B, T), from the zero state; zero at steps that are not counted.

    The session is from `make_scorer`, or any other; its rows are replaced by the batch's. If one piece holds all steps
    and the engine allows it, they are computed in one parallel call.

    Args:
        batch: on the model's device and in its precision.
        piece_steps: most steps whose parameters are held at once, which bounds the memory.
        progress: called after each piece with the steps done and the steps in all.
    """
    num_rows, num_steps = batch.symbols.shape[:2]
    whole = session.in_one_call(batch) if num_steps <= piece_steps else None
    if whole is not None:
        progress(num_steps, num_steps)
        return whole
    conditions = conditions_of(session.model, batch)
    session.prime([batch.symbols[row, :0] for row in range(num_rows)], conditions)
    pieces = []
    for start in range(0, num_steps, piece_steps):
        stop = min(start + piece_steps, num_steps)
        symbols = batch.symbols[:, start:stop]
        params = session.feed(symbols, conditions.changing(start, stop))
        with inference(session.model):
            pieces.append(session.model.emission.log_prob(params, symbols))
        progress(stop, num_steps)
    return torch.where(batch.counted, torch.cat(pieces, dim=1), 0.0)


def log_likelihood(session: Session, batch: Batch, piece_steps: int) -> Tensor:
    """Log-probability of each row in nats, (B,) float64: the sum of `log_prob` over its counted steps."""
    return log_prob(session, batch, piece_steps).sum(dim=1, dtype=torch.float64)
