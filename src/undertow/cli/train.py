"""`undertow train`: train a model from a recipe."""

import shlex
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from undertow.cli.options import SHARED, Device, Json
from undertow.errors import counted


def train(
    recipe: str,
    /,
    *,
    out: Path,
    init: Path | None = None,
    data: str | None = None,
    changes: Annotated[tuple[str, ...], Parameter(name="--set", consume_multiple=True)] = (),
    steps: int | None = None,
    minutes: float | None = None,
    resume: bool = False,
    skip_unknown: bool = False,
    seed: Annotated[int | None, Parameter(group=SHARED)] = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Train a model from a recipe.

    The run's folder gets the losses in log.jsonl and the checkpoints in checkpoints/; `last` and `best` name two of
    them. Ctrl-C saves before it stops; a second one stops at once.

    Args:
        recipe: A recipe of the package (wavenet-fsdd, bytenet-tinyshakespeare, …: docs/recipes.md) or a YAML file.
        out: Folder of the run; it must be new, unless --resume is given.
        init: Start from the best weights of this trained model where names and shapes agree; the recipe classify also
            takes its network.
        data: A folder, a file or a named set to train on, instead of the recipe's data.
        changes: Fields of the recipe to change, such as network.residual_channels=64 training.batch_size=8.
        steps: Length of the run in updates, instead of the recipe's.
        minutes: Length of the run in minutes; the number of updates that fit is measured at its start.
        resume: Resume the run in the folder, exactly where it stopped. With more --steps or --minutes than it had, it
            trains longer: the learning rate goes on as in a run of the new length.
        skip_unknown: Skip characters that the model of --init, or the recipe's alphabet, does not know; say how many.
        seed: Seed of the initial weights, the order of the data and the dropout, instead of the recipe's.
    """
    from undertow.cli.terminal import download_bars, is_first_process, print_json, put, tell
    from undertow.device import pick_device
    from undertow.recipes import train as run
    from undertow.recipes.recipe import parse_changes
    from undertow.recipes.verdict import verdict
    from undertow.run_steps import newest, step_of
    from undertow.training.interrupts import Stopped

    options: dict[str, Any] = {"init": init, "data": data, "steps": steps, "minutes": minutes, "seed": seed}
    try:
        trained = run(
            recipe,
            out,
            changes=parse_changes(changes),
            resume=resume,
            skip_unknown=skip_unknown,
            device=None if device == "auto" else pick_device(device),
            say=tell,
            downloads=download_bars,
            **options,
        )
    except KeyboardInterrupt as stop:
        again, saved = _again(recipe, out, changes, options, skip_unknown), newest(out)
        if isinstance(stop, Stopped):
            raise KeyboardInterrupt(f"{stop}; resume with: {again}") from None
        if saved is None:
            raise KeyboardInterrupt("stopped at once; nothing was saved") from None
        line = f"stopped at once; the run is saved up to step {step_of(saved)}; resume with: {again}"
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


def _again(recipe: str, out: Path, changes: tuple[str, ...], options: dict[str, Any], skip_unknown: bool) -> str:
    """The command that resumes a run."""
    words = ["undertow", "train", recipe, "--out", str(out)]
    words += [word for name, value in options.items() if value is not None for word in (f"--{name}", str(value))]
    words += ["--skip-unknown"] * skip_unknown
    words += ["--set", *changes] if changes else []
    return shlex.join([*words, "--resume"])
