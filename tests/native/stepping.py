"""Engines driven by hand, and what counts as the same draw.

B rows, T steps, P parameters, U uniforms.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from undertow.batch import Condition
from undertow.emissions import Sampling
from undertow.models.autoregressive import Autoregressive
from undertow.native import lower, make_engine, make_program, to_bytes
from undertow.options import PLAIN
from undertow.session.engine_arrays import sampling_array

TIE = 1e-6  # a uniform nearer than this to an end of its symbol's interval may fall on the other side


def engine_of(
    model: Autoregressive, rows: int = 1, threads: int = 1, isa: str = "auto", precision: str = "float32"
) -> Any:
    """An engine at the beginning of its rows."""
    return make_engine(make_program(to_bytes(lower(model, precision).graph), isa), rows, threads)


def pieces(num_steps: int, sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last + 1 of successive chunks, their sizes taken in turn."""
    start = 0
    for size in itertools.cycle(sizes):
        if start >= num_steps:
            return
        yield start, min(start + size, num_steps)
        start += size


def aligned(given: Condition, start: int, stop: int) -> np.ndarray | None:
    """The condition of some steps, as an engine takes it."""
    part = given.steps(start, stop).aligned
    return None if part is None else np.ascontiguousarray(part.detach().float().numpy())


def feed(
    engine: Any, model: Autoregressive, inputs: torch.Tensor, given: Condition, sizes: Sequence[int]
) -> np.ndarray:
    """What the engine says of every step of inputs (B, T), fed in chunks: (B, T, P)."""
    said = []
    for start, stop in pieces(inputs.shape[1], sizes):
        part = np.empty((len(inputs), stop - start, model.emission.num_params), dtype=np.float32)
        engine.feed(np.ascontiguousarray(inputs[:, start:stop].numpy()), aligned(given, start, stop), part)
        said.append(part)
    return np.concatenate(said, axis=1)


def run(
    engine: Any,
    uniforms: np.ndarray,
    given: Condition,
    sizes: Sequence[int],
    sampling: Sampling = PLAIN,
) -> np.ndarray:
    """Symbols (B, T) drawn from uniforms (B, T, U), in chunks."""
    drawn = []
    for start, stop in pieces(uniforms.shape[1], sizes):
        out = np.empty((len(uniforms), stop - start), dtype=np.int64)
        engine.run(
            out,
            aligned(given, start, stop),
            sampling=sampling_array([sampling], 2**16),
            uniforms=np.ascontiguousarray(uniforms[:, start:stop]),
        )
        drawn.append(out)
    return np.concatenate(drawn, axis=1)


def count_ties(
    model: Autoregressive, params: np.ndarray, uniforms: np.ndarray, symbols: np.ndarray, tie: float = TIE
) -> int:
    """Symbols (T,) that torch does not draw from these parameters (T, P) and uniforms (T, U); each must be a tie."""
    drawn = model.emission.sample(torch.from_numpy(params), torch.from_numpy(uniforms), Sampling()).numpy()
    differ = np.flatnonzero(drawn != symbols)
    for step in differ:
        assert nearest_end(model, params[step], uniforms[step], int(drawn[step]), int(symbols[step])) < tie, (
            f"step {step}: {symbols[step]} and not {drawn[step]}, and the uniform {uniforms[step]} is near no end"
        )
    return len(differ)


def nearest_end(model: Autoregressive, params: np.ndarray, uniforms: np.ndarray, expected: int, found: int) -> float:
    """How far the uniform lies from the end that the two symbols' intervals share; infinite if they share none."""
    ends = model.emission.cdf(torch.from_numpy(params)[None])[0]
    lower, higher = sorted((expected, found))
    return max(abs(float(ends[end]) - float(uniforms[0])) for end in (lower + 1, higher))


def points(model: Autoregressive, params: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """Where in [-1, 1] draws from one component lie, (B, T), before they are put into bins."""
    mean, log_scale = torch.from_numpy(params[..., -2:]).double().unbind(-1)
    bins = model.emission.bins
    mean, log_scale = bins.locate(mean, log_scale)
    return (mean + torch.exp(log_scale) * bins.shape.quantile(torch.from_numpy(uniforms[..., -1]))).numpy()
