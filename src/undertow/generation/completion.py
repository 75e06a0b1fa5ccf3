"""Complete a sequence of fixed size: the given symbols are fed where they lie, and the rest is drawn.

B rows, T steps, E elements of a vector symbol.
"""

import time
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import torch

from undertow.arguments import checked
from undertow.batch import Batch
from undertow.callbacks import OnProgress
from undertow.checkpoint import AnyModel, model_given
from undertow.errors import DataError, UsageError
from undertow.generation.labels import Labels
from undertow.generation.rows import begin
from undertow.media.symbols import check_symbols
from undertow.models.autoregressive import Autoregressive
from undertow.models.model import require_probabilities
from undertow.options import DRAW, Draw, changed
from undertow.session import log_prob, make_scorer, make_session
from undertow.session.noise import Philox

PIECE_STEPS = 1024  # of one call, when known symbols are fed or all are scored


@dataclass(frozen=True, eq=False)
class Completion:
    """The completed rows.

    Attributes:
        symbols: (B, T) or (B, T, E) int64.
        log_prob: (B,) log-probability in nats of what was drawn: Σ log p(x_t | x_<t) over the drawn steps.
        num_drawn: steps of a row that were drawn.
        seconds: wall-clock seconds, without the scores.
        engine, precision: how the model was run.
        notes: notes for the user on the choice of the engine.
    """

    symbols: np.ndarray
    log_prob: np.ndarray
    num_drawn: int
    seconds: float
    engine: str
    precision: str
    notes: tuple[str, ...]


@checked
def complete(
    model: AnyModel,
    symbols: np.ndarray,
    kept: np.ndarray,
    *,
    labels: Labels = None,
    draw: Draw = DRAW,
    progress: OnProgress | None = None,
    **options: Any,
) -> Completion:
    """Draw the steps of a sequence that are not kept, each given everything before it.

    What is kept below or after a drawn step does not change it: the model only knows the past. A row's symbols are a
    function of the weights, what is kept, its labels, `seed` and its number.

    Args:
        model: a model, or the folder of a checkpoint or of a run.
        symbols: (T,) or (T, E) int64 of the whole sequence; those that are not kept may be anything.
        kept: (T,) bool.
        labels: see `undertow.generation.labels.resolve_labels`.
        draw: count, seed, sampling, engine and threads.
        progress: called now and then with the steps done and the steps in all.
        options: fields of `undertow.options.Draw` by their names.

    Raises:
        UsageError: a length or a stop is given, the mask is of another length, or nothing is left to draw.
        DataError: a symbol is outside the alphabet, or the model's output is not a number.
    """
    ready: Autoregressive = require_probabilities(model_given(model, "generate"))
    draw = changed(draw, options)
    if draw.num_steps is not None or draw.seconds is not None or draw.stop is not None:
        raise UsageError("a completion is as long as what is given; leave out num_steps, seconds and stop")
    if kept.shape != (len(symbols),) or kept.dtype != bool:
        raise UsageError(f"kept is {kept.dtype} {kept.shape}; it must be bool ({len(symbols)},), one for each step")
    if kept.all():
        raise UsageError("everything is kept, so there is nothing to draw")
    symbols = np.where(kept.reshape(-1, *[1] * (symbols.ndim - 1)), symbols, 0)
    given = torch.from_numpy(check_symbols(symbols, ready.alphabet))
    rows = list(draw.rows or range(draw.count or 1))
    session = make_session(ready, draw.engine, draw.threads)
    start = begin(session, ready, None, labels, None, draw.seed, rows)
    noise = Philox([draw.seed] * len(rows), rows, [0] * len(rows), ready.emission.num_uniforms)
    began, made, done = time.perf_counter(), [], 0
    for is_kept, steps in groupby(range(len(given)), key=lambda step: bool(kept[step])):
        first, *rest = steps
        stop = first + len(rest) + 1
        while done < stop:
            size = min(PIECE_STEPS, stop - done)
            condition = start.conditions.steps_from([done] * len(rows), size)
            known = given[done : done + size].expand(len(rows), *given[done : done + size].shape)
            if is_kept:
                session.feed(known, condition)
            made.append(known if is_kept else session.draw(noise, size, draw.sampling, condition))
            done += size
            if progress is not None:
                progress(done, len(given))
    seconds = time.perf_counter() - began
    whole = torch.cat([part.cpu() for part in made], dim=1)
    if int(whole.max()) >= ready.alphabet.num_symbols:
        raise DataError("the model's output is not a number: its weights are damaged")
    scores = _scores(ready, whole, torch.from_numpy(~kept), start.conditions.labels)
    return Completion(
        whole.numpy(), scores, int((~kept).sum()), seconds, session.engine, session.precision, start.notes
    )


def _scores(model: Autoregressive, symbols: torch.Tensor, drawn: torch.Tensor, labels: Any) -> np.ndarray:
    """(B,) nats of the drawn steps (T,) of each row."""
    like = next(model.parameters())
    batch = Batch(symbols, drawn.expand(symbols.shape[:2]), labels).to(like.device, like.dtype)
    return log_prob(make_scorer(model), batch, PIECE_STEPS).sum(dim=1, dtype=torch.float64).cpu().numpy()
