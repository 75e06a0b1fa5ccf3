"""S5: the cost of a step against the steps before it, the layers and the width; fitted exponents beside the theory.

With torch and with the native engine, each on one thread and in float32.

    python -m benchmarks.s5_cost [--steps 4000] [--seconds 0.5] [--rounds 5] [--results FOLDER]
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks.record import RESULTS, record
from undertow.cost.paper_wavenet import SHAPE, paper_model
from undertow.generation import Stream, stream
from undertow.models import Autoregressive
from undertow.state import num_bytes

LAYERS = (10, 20, 30, 40)
WIDTHS = (64, 128, 256, 512)
NUM_WINDOWS = 20  # of a stream, to see whether later steps cost more
CHUNK_STEPS = 100
ENGINES = {"torch": "", "native": ", native float32"}  # and the end of a figure's name for each
STEPS_OVER_TORCH = 10  # the native engine takes so many times the steps, for windows of like lengths


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=4000, help=f"of torch; {STEPS_OVER_TORCH} times of the engine")
    parser.add_argument("--seconds", type=float, default=0.5, help="of one measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to append to")
    options = parser.parse_args()
    torch.manual_seed(0)
    for engine in ENGINES:
        against_time(engine, options)
    models = [paper_model(num_cycles=layers // 10) for layers in LAYERS]
    against_sizes("layers", LAYERS, models, 1.0, f"{LAYERS} layers of the paper shape", options)
    models = [
        paper_model(residual_channels=width, gate_channels=2 * width, skip_channels=4 * width) for width in WIDTHS
    ]
    shape = f"30 layers, {WIDTHS} residual channels, skip 4 times as wide"
    against_sizes("width", WIDTHS, models, 2.0, shape, options)
    model = paper_model()
    state = num_bytes(model.network.init_state(1, model.condition({}, None, 1, 1))) / 1024
    common = {"model": SHAPE, "seconds": 0.0, "threads": 1, "note": "float32 rings", "results": options.results}
    record("S5", "state of one stream", state, "KiB", **common)


def against_time(engine: str, options: argparse.Namespace) -> None:
    """Successive windows of one stream."""
    began = time.perf_counter()
    num_steps = options.steps * (1 if engine == "torch" else STEPS_OVER_TORCH)
    window = max(1, num_steps // NUM_WINDOWS)
    chunks, costs = begin(paper_model(), engine, window), []
    for _ in range(NUM_WINDOWS):
        costs.append(seconds_per_step(chunks, 0.0))
    positions = [window * (index + 0.5) for index in range(NUM_WINDOWS)]
    tell(
        "steps before it", engine, exponent(positions[1:], costs[1:]), 0.0, SHAPE, began, f"{num_steps} steps", options
    )


def against_sizes(
    what: str,
    sizes: Sequence[int],
    models: Sequence[Autoregressive],
    theory: float,
    shape: str,
    options: argparse.Namespace,
) -> None:
    """Models of several sizes, both engines in turn; medians of the rounds after the first."""
    began = time.perf_counter()
    streams = {engine: [begin(model, engine, CHUNK_STEPS) for model in models] for engine in ENGINES}
    rounds = [
        {engine: [seconds_per_step(one, options.seconds) for one in streams[engine]] for engine in ENGINES}
        for _ in range(options.rounds + 1)
    ][1:]
    for engine in ENGINES:
        costs = [statistics.median(times) for times in zip(*(one[engine] for one in rounds), strict=True)]
        points = ", ".join(f"{size}: {1000 * cost:.3g} ms" for size, cost in zip(sizes, costs, strict=True))
        tell(what, engine, exponent(sizes, costs), theory, shape, began, points, options)


def begin(model: Autoregressive, engine: str, chunk_steps: int) -> Stream:
    """A stream on one thread."""
    return stream(model, chunk_steps=chunk_steps, engine=engine, threads=1)


def seconds_per_step(chunks: Stream, seconds: float) -> float:
    """Seconds a step, from chunks until the time has passed, at least one."""
    began, num_drawn = time.perf_counter(), chunks.num_drawn
    while True:
        next(chunks)
        elapsed = time.perf_counter() - began
        if elapsed >= seconds:
            return elapsed / (chunks.num_drawn - num_drawn)


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Slope of log cost over log size."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def tell(
    against: str,
    engine: str,
    found: float,
    theory: float,
    model: str,
    began: float,
    note: str,
    options: argparse.Namespace,
) -> None:
    """Record one exponent."""
    figure = f"exponent of a step's time in {against}{ENGINES[engine]}"
    note = f"theory {theory:g} in arithmetic; {engine}, one thread; {note}"
    seconds = time.perf_counter() - began
    common = {"model": model, "seconds": seconds, "threads": 1, "note": note, "results": options.results}
    record("S5", figure, found, "exponent", **common)


if __name__ == "__main__":
    main()
