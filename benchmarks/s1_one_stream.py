"""S1: samples/s of one stream at the paper shape, torch and the native engine side by side, and their rooflines.

Beside them in the same run: a generator as most people would write it (`plain_wavenet.py`), with queues.

python -m benchmarks.s1_one_stream [--seconds 1] [--rounds 5] [--threads 1 2] [--results FOLDER]
"""

import statistics
import time
from typing import Any

import torch

from benchmarks import speeds
from benchmarks.plain_wavenet import PlainWaveNet
from benchmarks.record import record
from undertow.cost import Speed, measure_speed
from undertow.cost.paper_wavenet import SHAPE, paper_model

TARGETS = {("int8", 1): "≥ 22,000", ("int8", 2): "≥ 40,000"}  # samples/s by precision and threads
ROOFLINE_TARGETS = {"float32": "≥ 0.9", "int8": "≥ 0.6"}
PLAIN_STEPS = 400
USUAL = 143  # samples/s of the fastest of the PyTorch generators that were tried: 109 to 143


def main() -> None:
    """Measure and record."""
    options = speeds.options(__doc__, seconds=1.0).parse_args()
    torch.manual_seed(0)
    began = time.perf_counter()
    found = measure_speed(paper_model(), threads=options.threads, seconds=options.seconds, rounds=options.rounds)
    plain = {number: plain_rate(number, options.rounds) for number in options.threads}
    seconds = time.perf_counter() - began
    for number, rate in plain.items():
        note = f"nn.Conv1d and queues, float32; {PLAIN_STEPS} steps, median of {options.rounds} rounds"
        common = {"model": SHAPE, "seconds": seconds, "threads": number, "results": options.results}
        record("S1", "plain PyTorch generator, 1 stream", rate, "samples/s", note=note, **common)
    for row in found.rows:
        note = speeds.note(row, options.rounds, options.seconds)
        common = {"model": SHAPE, "seconds": seconds, "threads": row.num_threads, "results": options.results}
        tell(row, plain[row.num_threads], note, common)


def plain_rate(num_threads: int, rounds: int) -> float:
    """Samples/s of the plain generator, the median of some rounds."""
    torch.manual_seed(0)
    model, taken = PlainWaveNet().eval(), []
    usual = torch.get_num_threads()
    torch.set_num_threads(num_threads)
    try:
        model.generate(PLAIN_STEPS // 4)
        for _ in range(rounds):
            began = time.perf_counter()
            model.generate(PLAIN_STEPS)
            taken.append(time.perf_counter() - began)
    finally:
        torch.set_num_threads(usual)
    return PLAIN_STEPS / statistics.median(taken)


def tell(row: Speed, plain: float, note: str, common: dict[str, Any]) -> None:
    """Record a row: its speed, its share of the roofline, and how much faster int8 is than what people have."""
    rate, target = row.samples_per_second, TARGETS.get((row.precision, row.num_threads), "")
    record("S1", speeds.name(row), rate, "samples/s", target=target, note=note, **common)
    if row.engine == "torch":
        return
    share, target = row.roofline_fraction, ROOFLINE_TARGETS.get(row.precision, "")
    assert share is not None
    record("S1", f"{speeds.name(row)}, share of its roofline", share, "×", target=target, note=note, **common)
    if row.precision == "int8":
        beside = f"over {USUAL} samples/s, the faster of two PyTorch generators measured on another machine"
        name = f"{speeds.name(row)}, over the usual PyTorch generator"
        record("S1", name, rate / USUAL, "×", target="≥ 200", note=beside, **common)
        beside = f"over the {plain:.0f} samples/s of the plain generator with queues, in the same run"
        record("S1", f"{speeds.name(row)}, over the plain generator", rate / plain, "×", note=beside, **common)


if __name__ == "__main__":
    main()
