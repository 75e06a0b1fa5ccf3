"""S4: a stream's time to the first chunk, the jitter of its chunks, and the growth of its memory.

A fresh model of the paper shape is primed with one second of noise at 16 kHz, then streams chunks of 20 ms: with torch,
and with the native engine in int8.

    python -m benchmarks.s4_latency [--engines torch native] [--chunks 60] [--minutes 10] [--threads 1] [--rounds 5]
"""

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.memory import resident_megabytes
from benchmarks.record import RESULTS, record
from undertow.cost.paper_wavenet import SAMPLE_RATE, SHAPE, paper_model
from undertow.cost.stepping_speed import variant
from undertow.generation import Stream, stream
from undertow.models import Autoregressive

CHUNK_MS = 20.0
TARGETS = {"prime": "≤ 60", "p99": "< 20", "growth": "< 1"}  # of the int8 engine


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engines", nargs="+", choices=["torch", "native"], default=["torch", "native"])
    parser.add_argument("--chunks", type=int, default=60, help="of torch")
    parser.add_argument("--minutes", type=float, default=10, help="of sound, of the native engine")
    parser.add_argument("--threads", type=int, default=1, help="of the native engine")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to append to")
    options = parser.parse_args()
    torch.manual_seed(0)
    model = paper_model()
    prompt = np.random.default_rng(0).integers(0, 256, SAMPLE_RATE)
    if "torch" in options.engines:
        runs = {"note": "torch runner", "num_chunks": options.chunks}
        measure(Primer(model, "torch", None, prompt), options, prefix="", targets={}, **runs)
    if "native" in options.engines:
        exported = Primer(variant(model, "int8"), "native", options.threads, prompt)
        num_chunks = max(4, round(options.minutes * 60_000 / CHUNK_MS))
        runs = {"note": f"{options.minutes:g} minutes of sound", "num_chunks": num_chunks}
        measure(exported, options, prefix="native int8: ", targets=TARGETS, **runs)


class Primer:
    """Streams that begin after one prompt."""

    def __init__(self, model: Autoregressive, engine: str, threads: int | None, prompt: np.ndarray) -> None:
        self.model, self.engine, self.threads, self.prompt = model, engine, threads, prompt

    def begin(self) -> Stream:
        """A stream that is ready."""
        return stream(self.model, prompt=self.prompt, chunk_ms=CHUNK_MS, engine=self.engine, threads=self.threads)

    def seconds(self) -> float:
        """Seconds until a stream is ready."""
        began = time.perf_counter()
        self.begin()
        return time.perf_counter() - began


def measure(
    primer: Primer, options: argparse.Namespace, prefix: str, targets: dict[str, str], note: str, num_chunks: int
) -> None:
    """Measure one engine, and record what was found."""
    began = time.perf_counter()
    prime = 1000 * statistics.median([primer.seconds() for _ in range(options.rounds + 1)][1:])
    seconds, memory = chunk_seconds(primer.begin(), num_chunks)
    milliseconds = 1000 * seconds
    common: dict[str, Any] = {
        **{"model": SHAPE, "seconds": time.perf_counter() - began},
        **{"threads": primer.threads, "results": options.results},
    }

    def tell(figure: str, value: float, unit: str, what: str, note: str) -> None:
        record("S4", prefix + figure, value, unit, note=note, target=targets.get(what, ""), **common)

    tell("prime", prime, "ms", "prime", f"{note}; 1 s of prompt, median of {options.rounds}")
    speed = f"{note}; chunks of {CHUNK_MS:g} ms at 16 kHz, {np.median(milliseconds) / CHUNK_MS:.2f} of real time each"
    tell("time to the first chunk", prime + milliseconds[0], "ms", "first", speed)
    for share in (50, 99):
        value = float(np.percentile(milliseconds, share))
        tell(f"chunk of {CHUNK_MS:g} ms, p{share}", value, "ms", f"p{share}", speed)
    steps = int(0.75 * num_chunks * CHUNK_MS / 1000 * SAMPLE_RATE)
    what = f"{note}; resident memory over the last {steps} steps, {memory[-1]:.0f} MB at the end"
    tell("growth of memory", float(memory[-1] - memory[num_chunks // 4]), "MB", "growth", what)


def chunk_seconds(chunks: Stream, num_chunks: int) -> tuple[np.ndarray, np.ndarray]:
    """For each chunk, the seconds it took and the resident memory in MB after it."""
    seconds, memory = np.full((2, num_chunks), -1.0)  # written to now, so that it does not grow the memory later
    for index in range(num_chunks):
        began = time.perf_counter()
        next(chunks)
        seconds[index] = time.perf_counter() - began
        memory[index] = resident_megabytes()
    return seconds, memory


if __name__ == "__main__":
    main()
