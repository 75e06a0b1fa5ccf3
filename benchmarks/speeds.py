"""What S1 and S2 have in common: how a row of speeds is named and what is said beside it."""

import argparse
from pathlib import Path

from benchmarks.record import RESULTS
from undertow.cost import Speed


def options(text: str | None, seconds: float) -> argparse.ArgumentParser:
    """The options of both; `seconds` by default for one measurement."""
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("--seconds", type=float, default=seconds, help="of one measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to append to")
    return parser


def name(row: Speed) -> str:
    """The figure's name: engine, precision, streams."""
    engine = "torch step" if row.engine == "torch" else f"native {row.precision}"
    return f"{engine}, {row.batch_size} stream{'s' if row.batch_size > 1 else ''}"


def note(row: Speed, rounds: int, seconds: float) -> str:
    """How it was measured, and what the machine allowed in the same rounds."""
    roofline, factor = row.roofline, row.real_time_factor
    assert roofline is not None and factor is not None, "the native engine was not built"
    cost = roofline.cost
    return (
        f"median of {rounds} rounds in turn, {seconds:g} s each; {1 / factor:.2f} of real time; "
        f"{row.roofline_fraction:.2f} of the roofline ({roofline.bound}): "
        f"{cost.num_bytes / 1e6:.2f} MB a step at {roofline.read_bandwidth / 1e9:.1f} GB/s, "
        f"{cost.num_multiply_adds / 1e6:.2f} million multiply-adds at {roofline.matrix_peak / 1e9:.0f} · 10⁹/s"
    )
