"""S1 and S2 on the torch runner: samples/s of one stream and of several, at the paper shape.

python -m benchmarks.s1_torch_step [--steps 1500] [--rounds 5]
"""

import argparse
import statistics

import torch

from benchmarks.paper import SAMPLE_RATE, SHAPE, paper_model
from benchmarks.record import record
from undertow.generation import Generation, generate
from undertow.models import Autoregressive

BATCHES = (1, 4, 16, 64)


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = paper_model()
    rounds = [[run(model, options.steps, batch) for batch in BATCHES] for _ in range(options.rounds + 1)][1:]
    for batch, runs in zip(BATCHES, zip(*rounds, strict=True), strict=True):
        rate = statistics.median(one.samples_per_second for one in runs)
        what = f"{options.steps // batch} steps a stream, median of {options.rounds} rounds in turn"
        note = f"torch runner, float32; {what}; {rate / batch / SAMPLE_RATE:.3f} of 16 kHz real time a stream"
        figure = f"torch step, {batch} stream{'s' if batch > 1 else ''}"
        seconds = sum(one.seconds for one in runs)
        record("S1" if batch == 1 else "S2", figure, rate, "samples/s", model=SHAPE, seconds=seconds, note=note)


def run(model: Autoregressive, num_steps: int, batch: int) -> Generation:
    """One generation of `batch` streams, about as long for every batch."""
    return generate(model, num_steps=num_steps // batch, count=batch)


if __name__ == "__main__":
    main()
