"""S6: training throughput of the paper shape beside the same network written plainly, in one run.

Forward, backward and Adam in eager float32 on batches of 8 × 8192 symbols, the two in turn; medians over the rounds.

    python -m benchmarks.s6_training [--rounds 5] [--threads 2]
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from benchmarks.plain_wavenet import PlainWaveNet
from benchmarks.record import record
from undertow.batch import Batch
from undertow.cost.paper_wavenet import SHAPE, paper_model
from undertow.training.allocator import keep_freed_memory

BATCH, STEPS = 8, 8192


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    keep_freed_memory()
    ours, plain = paper_model(), PlainWaveNet()
    symbols = torch.randint(0, 256, (BATCH, STEPS))
    batch = Batch(symbols, torch.ones_like(symbols, dtype=torch.bool))
    began = time.perf_counter()
    half = trainer(ours, lambda: ours(batch).value, bf16=True)
    rounds = in_turn(
        [trainer(ours, lambda: ours(batch).value), trainer(plain, lambda: plain.loss(symbols)), half], options.rounds
    )
    seconds = time.perf_counter() - began
    our_rate, plain_rate, half_rate = (BATCH * STEPS / statistics.median(times) for times in zip(*rounds, strict=True))
    ratio = statistics.median(plain_time / our_time for our_time, plain_time, _ in rounds)
    note = f"batch {BATCH} × {STEPS}, forward + backward + Adam, medians of {options.rounds} rounds in turn"
    eager = f"{note}, eager float32"
    record("S6", "training throughput", our_rate, "samples/s", model=SHAPE, seconds=seconds, note=eager)
    record("S6", "plain nn.Conv1d beside it", plain_rate, "samples/s", model=SHAPE, seconds=seconds, note=eager)
    record("S6", "ratio", ratio, "×", model=SHAPE, seconds=seconds, target="≥ 1.3", note=eager)
    bf16 = f"{note}, bfloat16 autocast"
    record("S6", "training throughput, bfloat16", half_rate, "samples/s", model=SHAPE, seconds=seconds, note=bf16)


def trainer(model: nn.Module, loss: Callable[[], Tensor], bf16: bool = False) -> Callable[[], None]:
    """One step of training as a function."""
    optimizer = torch.optim.Adam(model.parameters(), fused=True)

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            value = loss()
        value.backward()
        optimizer.step()

    return step


def in_turn(steps: list[Callable[[], None]], rounds: int) -> list[list[float]]:
    """Seconds of each step, all in turn, round by round, after one round that is not counted."""
    times: list[list[float]] = []
    for _ in range(rounds + 1):
        times.append([])
        for step in steps:
            began = time.perf_counter()
            step()
            times[-1].append(time.perf_counter() - began)
    return times[1:]


if __name__ == "__main__":
    main()
