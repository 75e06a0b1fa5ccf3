"""Run a training for a verb: its progress, how it is resumed when it stops, and what it ends with."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from undertow.errors import counted

if TYPE_CHECKING:
    from undertow.recipes import Trained


def run(
    train: "Callable[[dict[str, Any]], Trained]",
    again: Sequence[str],
    out: Path,
    *,
    changes: tuple[str, ...],
    options: Mapping[str, Any],
    device: str,
    json: bool,
) -> None:
    """Train, and print the result; an interrupt tells the command that resumes the run.

    Args:
        train: called with arguments of `undertow.recipes.run.train`: `options`, changes, device and callbacks.
        again: the words of that command, but for those of `options`, `changes` and --out.
    """
    from undertow.cli.terminal import download_bars, is_first_process, print_json, put, tell
    from undertow.device import pick_device
    from undertow.recipes.recipe import parse_changes
    from undertow.recipes.verdict import verdict
    from undertow.run_steps import newest, step_of
    from undertow.training.interrupts import Stopped

    told = {
        "changes": parse_changes(changes),
        "device": None if device == "auto" else pick_device(device),
        "say": tell,
        "downloads": download_bars,
        **options,
    }
    try:
        trained = train(told)
    except KeyboardInterrupt as stop:
        command, saved = _again(again, out, changes, options), newest(out)
        if isinstance(stop, Stopped):
            raise KeyboardInterrupt(f"{stop}; resume with: {command}") from None
        if saved is None:
            raise KeyboardInterrupt("stopped at once; nothing was saved") from None
        line = f"stopped at once; the run is saved up to step {step_of(saved)}; resume with: {command}"
        raise KeyboardInterrupt(line) from None
    if not is_first_process():
        return
    if line := verdict(out):
        tell(line)
    progress = trained.progress
    if json:
        facts = {"out": str(out), "steps": progress.step, "seconds": progress.seconds, "best_step": progress.best_step}
        print_json({**facts, "validation_loss": progress.best_loss, "validation": trained.loss_text})
    else:
        if progress.best_loss is not None:
            put(f"best validation: {trained.loss_text}, after step {progress.best_step}")
        put(f"{out} is ready: {counted(progress.step, 'step')} in {progress.seconds / 60:.1f} minutes")


def _again(again: Sequence[str], out: Path, changes: tuple[str, ...], options: Mapping[str, Any]) -> str:
    """The command that resumes a run."""
    words = ["undertow", *again, "--out", str(out)]
    words += [word for name, value in options.items() if value is not None for word in (f"--{name}", str(value))]
    words += ["--set", *changes] if changes else []
    return shlex.join([*words, "--resume"])
