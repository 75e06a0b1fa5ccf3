"""`undertow train`: train a model from a recipe."""

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
    from undertow.cli import training
    from undertow.recipes import train as run

    options: dict[str, Any] = {"init": init, "data": data, "steps": steps, "minutes": minutes, "seed": seed}
    again = ["train", recipe, *["--skip-unknown"] * skip_unknown]
    training.run(
        lambda told: run(recipe, out, resume=resume, skip_unknown=skip_unknown, **told),
        again,
        out,
        changes=changes,
        options=options,
        device=device,
        json=json,
    )
