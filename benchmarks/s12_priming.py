"""S12: symbols a second of a 512-symbol prompt of one row, and their share of the matrix peak measured in the same run.

The models are the Transformer and the LSTM of `s10_text_speed`, untrained, on one thread. A multiply-add is one of a
weight, or of attention with a key or a value; the peak is that of the precision. In bfloat16 it is float32's.

    python -m benchmarks.s12_priming [--length 512] [--rounds 9]
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
import torch

from benchmarks.record import RESULTS, record
from benchmarks.s10_text_speed import NETWORKS, PRECISIONS, SYMBOLS, character_model
from undertow.batch import Batch
from undertow.cost.roofline import multiply_adds
from undertow.models import Autoregressive
from undertow.native import export, lower, make_engine, program_of
from undertow.native.engine import matrix_peak


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=["transformer", "lstm"], choices=list(NETWORKS))
    parser.add_argument("--length", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to append to")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.networks:
        model = character_model(name, options.length)
        for precision in PRECISIONS:
            began = time.perf_counter()
            speed, peak = measure(model, precision, options.length, options.rounds)
            work = multiply_adds(lower(model).graph) + attended(name, options.length)
            record(
                "S12",
                f"{name}, native {precision}, share of the matrix peak",
                speed * work / peak,
                "×",
                model=f"{name}, {model.num_parameters:,} parameters, {SYMBOLS} characters",
                seconds=time.perf_counter() - began,
                note=f"{speed:,.0f} symbols/s of a prompt of {options.length}; {work / 1e6:.2f} million multiply-adds "
                f"a symbol at {peak / 1e9:.0f} · 10⁹/s; median of {options.rounds} rounds",
                threads=1,
                results=options.results,
            )


def measure(model: Autoregressive, precision: str, length: int, rounds: int) -> tuple[float, float]:
    """Symbols a second of a prompt, and the multiply-adds a second that the processor can do."""
    symbols = torch.randint(SYMBOLS, (4, length))
    heard = [Batch(symbols, torch.ones_like(symbols, dtype=torch.bool))] if precision == "int8" else None
    engine = make_engine(program_of(export(model, precision, heard)), 1, 1)
    prompt, seconds = np.ascontiguousarray(symbols[:1].numpy()), []
    for _ in range(rounds + 1):
        engine.reset()
        began = time.perf_counter()
        engine.feed(prompt)
        seconds.append(time.perf_counter() - began)
    return length / statistics.median(seconds[1:]), matrix_peak(precision, 1)


def attended(name: str, length: int) -> float:
    """Multiply-adds of a step with keys and values, on average over the prompt."""
    if name != "transformer":
        return 0.0
    return NETWORKS[name]["num_layers"] * NETWORKS[name]["channels"] * (length + 1)


if __name__ == "__main__":
    main()
