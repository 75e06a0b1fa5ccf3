"""S2: samples/s of 1, 4, 16 and 64 streams together at the paper shape, and at 64 the share of the matrix peak.

python -m benchmarks.s2_many_streams [--seconds 0.5] [--rounds 5] [--threads 1 2] [--results FOLDER]
"""

import time

import torch

from benchmarks import speeds
from benchmarks.record import record
from undertow.cost import Speed, measure_speed
from undertow.cost.paper_wavenet import SHAPE, paper_model

BATCHES = (1, 4, 16, 64)


def main() -> None:
    """Measure and record."""
    options = speeds.options(__doc__, seconds=0.5).parse_args()
    torch.manual_seed(0)
    began = time.perf_counter()
    model, threads = paper_model(), options.threads
    found = measure_speed(model, threads=threads, batches=BATCHES, seconds=options.seconds, rounds=options.rounds)
    seconds = time.perf_counter() - began
    for row in found.rows:
        note = speeds.note(row, options.rounds, options.seconds)
        common = {"model": SHAPE, "seconds": seconds, "threads": row.num_threads, "results": options.results}
        record("S2", speeds.name(row), row.samples_per_second, "samples/s", note=note, **common)
        if row.batch_size == max(BATCHES):
            name = f"{speeds.name(row)}, share of the matrix peak"
            target = "" if row.engine == "torch" else "≥ 0.6"
            record("S2", name, share_of_peak(row), "×", target=target, note=note, **common)


def share_of_peak(row: Speed) -> float:
    """Multiply-adds a second over the most that the same instructions do on what is in registers."""
    assert row.roofline is not None
    return row.samples_per_second / row.roofline.bounds["compute"]


if __name__ == "__main__":
    main()
