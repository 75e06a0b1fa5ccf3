"""S5: what a step costs, against the steps before it, the layers, and the width; exponents fitted beside the theory.

python -m benchmarks.s5_cost [--steps 4000]
"""

import argparse
import statistics
import time
from collections.abc import Sequence

import numpy as np
import torch

from benchmarks.paper import SHAPE, paper_model
from benchmarks.record import record
from undertow.generation import stream
from undertow.models import Autoregressive
from undertow.state import num_bytes

LAYERS = (10, 20, 30, 40)
WIDTHS = (64, 128, 256, 512)
WINDOW = 200


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=4000)
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    began = time.perf_counter()
    windows = window_seconds(paper_model(), options.steps // WINDOW)[1:]
    positions = [WINDOW * (index + 1.5) for index in range(len(windows))]
    tell("steps before it", exponent(positions, windows), 0.0, SHAPE, began, f"{options.steps} steps")

    began = time.perf_counter()
    costs = step_costs([paper_model(num_cycles=layers // 10) for layers in LAYERS])
    tell("layers", exponent(LAYERS, costs), 1.0, f"{LAYERS} layers of the paper shape", began, table(LAYERS, costs))

    began = time.perf_counter()
    models = [
        paper_model(residual_channels=width, gate_channels=2 * width, skip_channels=4 * width) for width in WIDTHS
    ]
    costs = step_costs(models)
    shape = f"30 layers, {WIDTHS} residual channels, skip 4 times as wide"
    tell("width", exponent(WIDTHS, costs), 2.0, shape, began, table(WIDTHS, costs))

    state = paper_model().network.init_state(1, paper_model().condition({}, None, 1, 1))
    record("S5", "state of one stream", num_bytes(state) / 1024, "KiB", model=SHAPE, seconds=0.0, note="float32 rings")


def tell(against: str, found: float, theory: float, model: str, began: float, note: str) -> None:
    """Record one exponent."""
    figure = f"exponent of a step's time in {against}"
    note = f"theory {theory:g} in arithmetic; torch runner, one thread; {note}"
    record("S5", figure, found, "exponent", model=model, seconds=time.perf_counter() - began, note=note)


def window_seconds(model: Autoregressive, num_windows: int) -> list[float]:
    """Seconds of successive windows of one stream."""
    chunks, seconds = stream(model, chunk_steps=WINDOW), []
    for _ in range(num_windows):
        began = time.perf_counter()
        next(chunks)
        seconds.append(time.perf_counter() - began)
    return seconds


def step_costs(models: Sequence[Autoregressive]) -> list[float]:
    """Median milliseconds a step of each model, measured in turn."""
    streams = [stream(model, chunk_steps=WINDOW) for model in models]
    rounds: list[list[float]] = []
    for _ in range(6):
        rounds.append([])
        for one in streams:
            began = time.perf_counter()
            next(one)
            rounds[-1].append(1000 * (time.perf_counter() - began) / WINDOW)
    return [statistics.median(times) for times in zip(*rounds[1:], strict=True)]


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Slope of log cost over log size."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def table(sizes: Sequence[int], costs: Sequence[float]) -> str:
    """Every point of the fit."""
    return ", ".join(f"{size}: {cost:.2f} ms" for size, cost in zip(sizes, costs, strict=True))


if __name__ == "__main__":
    main()
