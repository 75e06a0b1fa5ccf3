"""S4 on the torch runner: how soon a stream speaks, how even its chunks come, and that its memory is flat.

A fresh model of the paper shape is primed with one second of noise at 16 kHz, then streams chunks of 20 ms.

    python -m benchmarks.s4_latency [--chunks 60] [--rounds 5]
"""

import argparse
import statistics
import time
from typing import Any

import numpy as np
import torch

from benchmarks.memory import resident_megabytes
from benchmarks.paper import SAMPLE_RATE, SHAPE, paper_model
from benchmarks.record import record
from undertow.generation import stream
from undertow.models import Autoregressive

CHUNK_MS = 20.0


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.manual_seed(0)
    model = paper_model()
    prompt = np.random.default_rng(0).integers(0, 256, SAMPLE_RATE)
    began = time.perf_counter()
    primes = [seconds_to_prime(model, prompt) for _ in range(options.rounds + 1)][1:]
    chunks, memory = chunk_seconds(model, prompt, options.chunks)
    seconds = time.perf_counter() - began
    milliseconds = 1000 * np.array(chunks)
    common: dict[str, Any] = {"model": SHAPE, "seconds": seconds}
    note = f"torch runner, 1 s of prompt, median of {options.rounds}"
    record("S4", "prime", 1000 * statistics.median(primes), "ms", note=note, **common)
    first = 1000 * statistics.median(primes) + milliseconds[0]
    note = f"torch runner; chunks of {CHUNK_MS:g} ms at 16 kHz, so slower than real time"
    record("S4", "time to the first chunk", first, "ms", note=note, **common)
    for share in (50, 99):
        value = float(np.percentile(milliseconds, share))
        record("S4", f"chunk of {CHUNK_MS:g} ms, p{share}", value, "ms", note=note, **common)
    growth = memory[-1] - memory[len(memory) // 4]
    steps = int(0.75 * options.chunks * CHUNK_MS / 1000 * SAMPLE_RATE)
    note = f"torch runner; resident memory over the last {steps} steps, {memory[-1]:.0f} MB at the end"
    record("S4", "growth of memory", growth, "MB", note=note, **common)


def seconds_to_prime(model: Autoregressive, prompt: np.ndarray) -> float:
    """Seconds until a stream with a prompt stands ready."""
    began = time.perf_counter()
    stream(model, prompt=prompt, chunk_ms=CHUNK_MS)
    return time.perf_counter() - began


def chunk_seconds(model: Autoregressive, prompt: np.ndarray, num_chunks: int) -> tuple[list[float], list[float]]:
    """Of each chunk the seconds it took, and resident memory in MB after it."""
    chunks = stream(model, prompt=prompt, chunk_ms=CHUNK_MS)
    seconds, memory = [], []
    for _ in range(num_chunks):
        began = time.perf_counter()
        next(chunks)
        seconds.append(time.perf_counter() - began)
        memory.append(resident_megabytes())
    return seconds, memory


if __name__ == "__main__":
    main()
