"""S7: generation with a cache compared with generation without, in which every symbol reads the whole past again.

Families at one width and depth, freshly initialised, draw bytes from the first on; engines take turns in one run.
Cached is torch, so that the cache alone makes the difference, and the native engine where it can run the model.

    python -m benchmarks.s7_cached [--lengths 64 128 256 512] [--batches 1 64] [--rounds 5] [--device cpu] [--threads N]
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.record import RESULTS, record
from undertow.cost.generation_speed import generation_speeds
from undertow.cost.measuring import exponent
from undertow.cost.network_families import family
from undertow.models import Autoregressive
from undertow.session import make_session

NETWORKS = ("bytenet", "transformer", "tcn", "lstm")
MANY = 16  # rows from which on a length is a quarter as long: uncached, each costs as much as it sees
TARGET = "grows with length"

Ratios = dict[str, list[float]]


def main() -> None:
    """Measure and record."""
    options = parser().parse_args()
    torch.manual_seed(0)
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    for name in options.networks:
        model = family(name, max(options.lengths), options.width, options.depth).to(options.device)
        for batch_size in options.batches:
            began = time.perf_counter()
            lengths = of_batch(options.lengths, batch_size)
            ratios, rates = measure(model, lengths, batch_size, options.rounds, options.threads)
            tell(name, model, lengths, batch_size, ratios, rates, time.perf_counter() - began, options)


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--networks", nargs="+", default=NETWORKS)
    made.add_argument("--lengths", type=int, nargs="+", default=[64, 128, 256, 512])
    made.add_argument("--batches", type=int, nargs="+", default=[1, 64])
    made.add_argument("--width", type=int, default=128)
    made.add_argument("--depth", type=int, default=8)
    made.add_argument("--rounds", type=int, default=5)
    made.add_argument("--device", default="cpu")
    made.add_argument("--threads", type=int, help="of torch and of the engine; by default as many as it finds useful")
    made.add_argument("--results", type=Path, default=RESULTS, help="folder to append to")
    return made


def of_batch(lengths: Sequence[int], batch_size: int) -> list[int]:
    """The lengths that a batch is drawn to."""
    return [max(2, length // 4) if batch_size >= MANY else length for length in lengths]


def measure(
    model: Autoregressive, lengths: Sequence[int], batch_size: int, rounds: int, threads: int | None
) -> tuple[Ratios, Ratios]:
    """By cached engine, its speed over the uncached one's at each length; and by engine, symbols a second."""
    cached = list(dict.fromkeys(["torch", make_session(model).engine]))
    rates: Ratios = {engine: [] for engine in (*cached, "uncached")}
    for length in lengths:
        found = generation_speeds(model, list(rates), length, batch_size, rounds=rounds, threads=threads)
        for engine, rate in found.items():
            rates[engine].append(rate)
    ratios = {
        engine: [fast / slow for fast, slow in zip(rates[engine], rates["uncached"], strict=True)] for engine in cached
    }
    return ratios, rates


def tell(
    name: str,
    model: Autoregressive,
    lengths: Sequence[int],
    batch_size: int,
    ratios: Ratios,
    rates: Ratios,
    seconds: float,
    options: argparse.Namespace,
) -> None:
    """Record the ratio at the longest length, with those before it in the note."""
    for engine, found in ratios.items():
        points = ", ".join(f"{length}: {ratio:.3g} ×" for length, ratio in zip(lengths, found, strict=True))
        growth = exponent(lengths, found)
        grows = "" if growth is None else f"; grows as length^{growth:.2f}"
        common: dict[str, Any] = {
            "model": shape(name, model, options),
            "seconds": seconds,
            "target": TARGET,
            "note": f"{points}{grows}; at {lengths[-1]} {rates[engine][-1]:,.0f} symbols/s with the cache, "
            f"{rates['uncached'][-1]:,.0f} without; medians of {options.rounds} rounds in turn",
            "device": options.device,
            "results": options.results,
        }
        rows = f"{batch_size} row{'s' if batch_size > 1 else ''}"
        record("S7", f"{name}, {engine} over uncached, {lengths[-1]} symbols, {rows}", found[-1], "×", **common)


def shape(name: str, model: Autoregressive, options: argparse.Namespace) -> str:
    """The model in words."""
    field = model.receptive_field
    sees = "all of the past" if field is None else f"{field} steps"
    return f"{name}, {options.width} wide, {options.depth} layers, {model.num_parameters:,} parameters, sees {sees}"


if __name__ == "__main__":
    main()
