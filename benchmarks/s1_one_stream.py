"""S1: samples/s of one stream at the paper shape, torch and the native engine side by side, and their rooflines.

python -m benchmarks.s1_one_stream [--seconds 1] [--rounds 5] [--threads 1 2] [--results FOLDER]
"""

import time
from typing import Any

import torch

from benchmarks import speeds
from benchmarks.record import record
from undertow.evaluation import Speed, measure_speed
from undertow.evaluation.paper import SHAPE, paper_model

TARGETS = {("int8", 1): "≥ 22,000", ("int8", 2): "≥ 40,000"}  # samples/s by precision and threads
ROOFLINE_TARGETS = {"float32": "≥ 0.9", "int8": "≥ 0.6"}
USUAL = 143  # samples/s of the fastest of the PyTorch generators that were tried: 109 to 143


def main() -> None:
    """Measure and record."""
    options = speeds.options(__doc__, seconds=1.0).parse_args()
    torch.manual_seed(0)
    began = time.perf_counter()
    found = measure_speed(paper_model(), threads=options.threads, seconds=options.seconds, rounds=options.rounds)
    seconds = time.perf_counter() - began
    for row in found.rows:
        note = speeds.note(row, options.rounds, options.seconds)
        common = {"model": SHAPE, "seconds": seconds, "threads": row.num_threads, "results": options.results}
        tell(row, note, common)


def tell(row: Speed, note: str, common: dict[str, Any]) -> None:
    """Record a row: its speed, its share of the roofline, and how much faster int8 is than what people have."""
    rate, target = row.samples_per_second, TARGETS.get((row.precision, row.num_threads), "")
    record("S1", speeds.name(row), rate, "samples/s", target=target, note=note, **common)
    if row.engine == "torch":
        return
    share, target = row.roofline_fraction, ROOFLINE_TARGETS.get(row.precision, "")
    assert share is not None
    record("S1", f"{speeds.name(row)}, share of its roofline", share, "×", target=target, note=note, **common)
    if row.precision == "int8":
        beside = f"over {USUAL} samples/s, the faster of two PyTorch generators measured on such a machine"
        name = f"{speeds.name(row)}, over the usual PyTorch generator"
        record("S1", name, rate / USUAL, "×", target="≥ 200", note=beside, **common)


if __name__ == "__main__":
    main()
