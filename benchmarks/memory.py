"""Peak memory of training and of generation, each in a process of its own.

python -m benchmarks.memory
"""

import resource
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.record import record

TRAIN = "train"
GENERATE = {"generate": "torch", "generate, native float32": "native"}  # and the engine


def main() -> None:
    """Measure and record; with an argument, be one of the processes measured."""
    if len(sys.argv) > 1:
        print(peak_of(sys.argv[1]))
        return
    from undertow.cost.paper_wavenet import SHAPE

    notes = {
        TRAIN: "one update on 8 × 8192 samples, forward + backward + Adam, eager float32, the whole process",
        **{what: f"2000 steps of one stream on the {one} runner, the whole process" for what, one in GENERATE.items()},
    }
    for what, note in notes.items():
        began = time.perf_counter()
        command = [sys.executable, "-m", "benchmarks.memory", what]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        seconds = time.perf_counter() - began
        megabytes = float(done.stdout.split()[-1])
        record("S4", f"peak memory, {what}", megabytes, "MB", model=SHAPE, seconds=seconds, note=note)


def peak_of(what: str) -> float:
    """Do it, and return this process's peak resident memory in MB."""
    import torch

    from benchmarks.s6_training import BATCH, STEPS, trainer
    from undertow.batch import Batch
    from undertow.cost.paper_wavenet import paper_model
    from undertow.generation import generate

    model = paper_model()
    if what == TRAIN:
        symbols = torch.randint(0, 256, (BATCH, STEPS))
        batch = Batch(symbols, torch.ones_like(symbols, dtype=torch.bool))
        trainer(model, lambda: model(batch).value)()
    else:
        generate(model, num_steps=2000, engine=GENERATE[what])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def resident_megabytes() -> float:
    """Resident memory of this process now, on Linux."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


if __name__ == "__main__":
    main()
