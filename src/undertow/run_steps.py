"""The checkpoints of a run, found by the names of their folders.

    run/checkpoints/step-00000120/    the run after 120 updates; the highest number is the run's last
    run/last, run/best                links for people, where the file system has links

A run is often copied: in a zip file, to an object store, with links followed or left out. So nothing here follows the
links: the last checkpoint is the one with the highest step, and its `training.json` names the step of the best.
"""

import os
import re
from pathlib import Path

from undertow.door import read_json
from undertow.errors import DataError

FOLDER = "checkpoints"
NAMES = ("best", "last")
OF_RUNS = ("run.yaml", "run.lock")  # what a run has from its beginning
STEP = re.compile(r"step-(\d{1,18})")
MODEL = ("config.yaml", "model.safetensors")
RESUMED = (*MODEL, "training.json", "training.safetensors")  # what a run needs to go on


def is_run(folder: str | Path) -> bool:
    """Whether a folder is that of a run."""
    return any(os.path.lexists(os.path.join(folder, name)) for name in OF_RUNS)


def folder_of(run: Path, step: int) -> Path:
    """The folder of the checkpoint after `step` updates."""
    return run / FOLDER / f"step-{step:08d}"


def step_of(folder: Path) -> int:
    """The number of updates before a checkpoint."""
    match = STEP.fullmatch(folder.name)
    assert match is not None
    return int(match[1])


def checkpoints(run: Path) -> list[Path]:
    """All checkpoints of a run, the oldest first; other files and folders beside them are ignored."""
    try:
        found = [run / FOLDER / name for name in os.listdir(run / FOLDER) if STEP.fullmatch(name)]
    except (OSError, ValueError):  # a name that no file can have is a ValueError
        return []
    return sorted((path for path in found if path.is_dir()), key=step_of)


def missing_file(folder: Path) -> str | None:
    """The first file that a checkpoint lacks to resume its run from it; None if it is whole."""
    return next((name for name in RESUMED if not (folder / name).is_file()), None)


def newest(run: Path, below: int | None = None) -> Path | None:
    """The newest whole checkpoint of a run, of those before step `below`; None if there is none."""
    whole = (one for one in reversed(checkpoints(run)) if missing_file(one) is None)
    return next((one for one in whole if below is None or step_of(one) < below), None)


def last(run: Path) -> Path | None:
    """The newest checkpoint of a run with a model, if it can be resumed or not; None if the run has no checkpoint."""
    every = checkpoints(run)
    with_model = (one for one in reversed(every) if all((one / name).is_file() for name in MODEL))
    return next(with_model, every[-1] if every else None)


def best(run: Path) -> Path | None:
    """The best checkpoint of a run, or its last if it was never validated; it may be missing. None: no checkpoint."""
    final = last(run)
    told = (_best_step(folder) for folder in reversed(checkpoints(run)))
    step = next((step for step in told if step is not None), None)
    if step is not None:
        return folder_of(run, step) if step else final
    link = run / "best"  # without training.json nothing else names the best
    if final is None or not link.is_symlink():
        return final
    return run / FOLDER / os.path.basename(os.readlink(link))


def named(path: Path) -> Path | None:
    """The checkpoint that `run`, `run/best` or `run/last` names; None if it is not the name of a run's checkpoint."""
    if path.name in NAMES and checkpoints(path.parent):
        return best(path.parent) if path.name == "best" else last(path.parent)
    return best(path)


def _best_step(folder: Path) -> int | None:
    """The step of the best checkpoint, 0 for none, as a checkpoint has it; None if it does not say."""
    try:
        step = read_json(folder / "training.json")["best_step"]
    except (DataError, KeyError, TypeError, IndexError):
        return None
    return step if type(step) is int and 0 <= step < 10**18 else None
