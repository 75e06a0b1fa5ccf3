"""Q1: bits a sample of FSDD's test takes, after the five-minute demo and after the recipe's whole training.

    python -m benchmarks.q1_fsdd wavenet-fsdd-demo --out runs/demo        # trains if there is no run yet
    python -m benchmarks.q1_fsdd wavenet-fsdd --out runs/digits --processes 2

With several processes each has one thread and its part of the batch, which keeps two cores busier than two threads do.
"""

import argparse
from pathlib import Path

from benchmarks.record import record
from benchmarks.runs import budget, ensure

TARGETS = {"wavenet-fsdd-demo": "< 4.2", "wavenet-fsdd": "< 3.8"}


def main() -> None:
    """Train if needed, score, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", choices=TARGETS)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    training = ensure(options.recipe, options.out, options.processes)

    import undertow as ut
    from undertow.evaluation import Score
    from undertow.recipes.run import describe, load_model

    model = load_model(options.out)
    found = ut.score(model, "fsdd")
    assert isinstance(found, Score)
    shape = f"{options.recipe}: {describe(model)}"
    note = f"{budget(training)}; {found.num_symbols} samples of takes 0-4, whole clips from zero state"
    common = {"unit": "bits/sample", "seconds": training["seconds"]}
    record(
        "Q1", options.recipe, found.bits_per_symbol, model=shape, target=TARGETS[options.recipe], note=note, **common
    )
    for name, bits in found.baselines.items():
        record("Q1", name, bits, "bits/sample", model="-", seconds=0.0, note="fitted on takes 10-49")


if __name__ == "__main__":
    main()
