"""`undertow train`: a model from a recipe."""

import shlex
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from undertow.cli.options import SHARED, Device, Json


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
    seed: Annotated[int | None, Parameter(group=SHARED)] = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Train a model from a recipe.

    Losses go to log.jsonl in the run's folder, and checkpoints to checkpoints/, of which `last` and `best` are links
    to two. Ctrl-C saves before it stops.

    Args:
        recipe: A recipe of the package (wavenet-fsdd, bytenet-tinyshakespeare, …: docs/recipes.md) or a YAML file.
        out: Folder of the run; a new one, unless --resume is given.
        init: Start from the best weights of this trained model, wherever names and shapes agree; for the recipe
            classify, with its network.
        data: A folder, a file or a named set of what the recipe is of, in place of its own.
        changes: Change fields of the recipe: network.residual_channels=64 training.batch_size=8 and the like.
        steps: Length of the run in updates, in place of the recipe's.
        minutes: Length of the run in minutes; how many updates fit is measured at its beginning.
        resume: Go on with the run in the folder, exactly where it stood.
        seed: Seed of the first weights, the order of the data and the dropout, in place of the recipe's.
    """
    from undertow.cli.device import pick_device
    from undertow.cli.terminal import download_bars, is_first_process, print_json, tell
    from undertow.recipes import train as run
    from undertow.recipes.recipe import parse_changes
    from undertow.recipes.verdict import verdict

    options: dict[str, Any] = {"init": init, "data": data, "steps": steps, "minutes": minutes, "seed": seed}
    try:
        trained = run(
            recipe,
            out,
            changes=parse_changes(changes),
            resume=resume,
            device=None if device == "auto" else pick_device(device),
            say=tell,
            downloads=download_bars,
            **options,
        )
    except KeyboardInterrupt:
        if not (out / "last").exists():
            raise
        raise KeyboardInterrupt(f"stopped and saved; go on with: {_again(recipe, out, changes, options)}") from None
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
            print(f"validation: {trained.loss_text} at its best, after step {progress.best_step}")
        print(f"{out} is ready: {progress.step} steps in {progress.seconds / 60:.1f} minutes")


def _again(recipe: str, out: Path, changes: tuple[str, ...], options: dict[str, Any]) -> str:
    """The command that goes on with a run."""
    words = ["undertow", "train", recipe, "--out", str(out)]
    words += [word for name, value in options.items() if value is not None for word in (f"--{name}", str(value))]
    words += ["--set", *changes] if changes else []
    return shlex.join([*words, "--resume"])
