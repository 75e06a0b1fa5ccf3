"""Damage files of every kind for a while, and print what happened to each kind.

python -m tests.fuzzing [MINUTES]        FUZZ_MINUTES is the default, else 30; FUZZ_SEED is the first seed, else 0
python -m tests.fuzzing KIND SEED        one case again, with its traceback

Cases run in a process that is started anew after a crash, a hang or too much memory. The exit status is 1 if there are
faults.
"""

import contextlib
import multiprocessing
import os
import resource
import sys
import tempfile
import time
import warnings
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

from tests.fuzzing import case, kinds
from tests.fuzzing.kinds import Kind

SECONDS = 10.0  # for one case
MOST_MEMORY = 4 << 30  # address space of the process beyond what it has when it starts: twice what a case may use
FORK = multiprocessing.get_context("fork")  # all is imported and made once


def main(words: list[str]) -> int:
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="undertow-fuzz-") as folder:
        scratch = Path(folder)
        with contextlib.redirect_stdout(sys.stderr):
            made = kinds.make(scratch / "good")
        if len(words) == 2:
            return again(words[0], int(words[1]), made, scratch)
        minutes = float(words[0] if words else os.environ.get("FUZZ_MINUTES", 30))
        return fuzz(60 * minutes, made, scratch)


def again(name: str, seed: int, made: dict[str, Kind], scratch: Path) -> int:
    outcome, why = case.run(name, made[name], scratch / "good" / name, scratch, seed)
    print(f"{name} {seed}: {outcome} {why}")
    if outcome == "fault":
        made[name].read(scratch / "case" / made[name].name)
    return outcome == "fault"


def fuzz(seconds: float, made: dict[str, Kind], scratch: Path) -> int:
    until = time.monotonic() + seconds
    counts = {name: Counter[str]() for name in made}
    faults: dict[str, list[str]] = {}
    worker = Worker(made, scratch)
    seed = int(os.environ.get("FUZZ_SEED", 0))
    while time.monotonic() < until:
        for name in made:
            if not worker.process.is_alive():
                worker = Worker(made, scratch)
            outcome, why = worker.run(name, seed)
            counts[name][outcome] += 1
            if outcome == "fault":
                faults.setdefault(f"{name}: {why.split('(')[-1]}", []).append(f"{name} {seed}: {why}")
        seed += 1
    worker.process.kill()
    for name, found in counts.items():
        print(f"{name:22}" + "".join(f"{found[what]:8,} {what}" for what in ("read", "refused", "fault")))
    for every in faults.values():
        print(f"{len(every)} times: {every[0]}")
    print(f"{sum(map(Counter.total, counts.values())):,} cases, {sum(map(len, faults.values()))} faults")
    return bool(faults)


class Worker:
    """A process that runs cases, one at a time."""

    def __init__(self, made: dict[str, Kind], scratch: Path) -> None:
        self.pipe, other = FORK.Pipe()
        self.process = FORK.Process(target=work, args=(other, made, scratch), daemon=True)
        self.process.start()
        other.close()

    def run(self, name: str, seed: int) -> tuple[str, str]:
        what = "the process ended"
        with contextlib.suppress(EOFError, OSError):
            self.pipe.send((name, seed))
            if self.pipe.poll(SECONDS):
                outcome, why = self.pipe.recv()
                return outcome, why
            what = f"more than {SECONDS:g} seconds"
        self.process.kill()
        self.process.join()
        return "fault", what


def work(pipe: Connection, made: dict[str, Kind], scratch: Path) -> None:
    """Run the cases that the pipe names."""
    silent = os.open(os.devnull, os.O_WRONLY)  # libraries that decode sound tell of every fault on standard error
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    limit = _address_space() + MOST_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    while True:
        name, seed = pipe.recv()
        pipe.send(case.run(name, made[name], scratch / "good" / name, scratch, seed))


def _address_space() -> int:
    with contextlib.suppress(OSError), open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    return 1 << 34


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
