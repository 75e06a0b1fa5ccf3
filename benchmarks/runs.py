"""Runs that figures are of: trained where they are not there yet, by the command that a user types."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from undertow.checkpoint import read_card


def ensure(recipe: str, out: Path, processes: int = 1) -> dict[str, Any]:
    """Train a recipe in a folder where no run is; returns how it was trained. Several processes have a thread each."""
    if not (out / "last").exists():
        _train(recipe, out, processes)
    return read_card(out / "last")["training"]


def budget(training: dict[str, Any]) -> str:
    """A run's length and its workers, for the note beside a figure."""
    workers = f"processes {training['num_processes']}, threads of each {training['num_threads']}"
    return f"{training['steps']} updates in {training['seconds'] / 60:.0f} minutes, {workers}"


def _train(recipe: str, out: Path, processes: int) -> None:
    command = ["-m", "undertow", "train", recipe, "--out", str(out)]
    if processes == 1:
        subprocess.run([sys.executable, *command], check=True)
        return
    from undertow.recipes.recipe import read_recipe

    batch = read_recipe(recipe).training.batch_size // processes
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command = [sys.executable, *launch, *command, "--set", f"training.batch_size={batch}"]
    subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
