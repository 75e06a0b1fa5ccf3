"""Q1: bits a sample of FSDD's test takes, after the five-minute demo and after the recipe's whole training.

    python -m benchmarks.q1_fsdd wavenet-fsdd-demo --out runs/demo        # trains where there is no run yet
    python -m benchmarks.q1_fsdd wavenet-fsdd --out runs/digits --processes 2

With several processes each has one thread and its part of the batch, which keeps two cores busier than two threads do.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.record import record

TARGETS = {"wavenet-fsdd-demo": "< 4.2", "wavenet-fsdd": "< 3.8"}


def main() -> None:
    """Train where needed, score, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", choices=TARGETS)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    if not (options.out / "last").exists():
        train(options.recipe, options.out, options.processes)

    import undertow as ut
    from undertow.checkpoint import read_card
    from undertow.evaluation import Score
    from undertow.recipes.run import describe, load_model

    model = load_model(options.out)
    training = read_card(options.out / "last")["training"]
    found = ut.score(model, "fsdd")
    assert isinstance(found, Score)
    shape = f"{options.recipe}: {describe(model)}"
    workers = f"processes {training['num_processes']}, threads of each {training['num_threads']}"
    note = (
        f"{training['steps']} updates, {workers}; {found.num_symbols} samples of takes 0-4, whole clips from zero state"
    )
    common = {"unit": "bits/sample", "seconds": training["seconds"]}
    record(
        "Q1", options.recipe, found.bits_per_symbol, model=shape, target=TARGETS[options.recipe], note=note, **common
    )
    for name, bits in found.baselines.items():
        record("Q1", name, bits, "bits/sample", model="-", seconds=0.0, note="fitted on takes 10-49")


def train(recipe: str, out: Path, processes: int) -> None:
    """Run `undertow train`, spread over processes of one thread where there are several."""
    command = ["-m", "undertow", "train", recipe, "--out", str(out)]
    if processes == 1:
        subprocess.run([sys.executable, *command], check=True)
        return
    from undertow.recipes.recipe import read_recipe

    batch = read_recipe(recipe).training.batch_size // processes
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command = [sys.executable, *launch, *command, "--set", f"training.batch_size={batch}"]
    subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})


if __name__ == "__main__":
    main()
