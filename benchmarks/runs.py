"""The runs behind figures: trained if missing, by the command that a user types."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from undertow.checkpoint import read_card
from undertow.errors import counted
from undertow.run_steps import newest
from undertow.training.run_folder import SETTINGS


def ensure(
    recipe: str, out: Path, processes: int = 1, changes: Sequence[str] = (), init: Path | None = None
) -> dict[str, Any]:
    """Train a recipe to its end, resuming an unfinished run; return how. Each of several processes has one thread.

    Args:
        changes: of the recipe, as after --set.
        init: a run whose weights it starts from.
    """
    if not is_complete(out):
        _train(recipe, out, processes, changes, init)
    return read_card(out / "last")["training"]


def is_complete(out: Path) -> bool:
    """Whether a run exists and is finished."""
    training = read_card(out / "last")["training"] if newest(out) else None
    return training is not None and training["steps"] == training["planned_steps"]


def budget(training: dict[str, Any]) -> str:
    """A run's length and its workers, for the note beside a figure."""
    workers = f"processes {training['num_processes']}, threads of each {training['num_threads']}"
    minutes = counted(round(training["seconds"] / 60), "minute")
    return f"{training['steps']} updates in {minutes}, {workers}"


def _train(recipe: str, out: Path, processes: int, changes: Sequence[str], init: Path | None) -> None:
    start = ["--resume"] if (out / SETTINGS).exists() else [] if init is None else ["--init", str(init)]
    command = ["-m", "undertow", "train", recipe, "--out", str(out), *start]
    if processes == 1:
        subprocess.run([sys.executable, *command, *_set(changes)], check=True)
        return
    from undertow.recipes.recipe import read_recipe

    batch = read_recipe(recipe).training.batch_size // processes
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command = [sys.executable, *launch, *command, *_set([f"training.batch_size={batch}", *changes])]
    subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})


def _set(changes: Sequence[str]) -> list[str]:
    return ["--set", *changes] if changes else []
