"""`undertow distil`: train a student that makes sound in one parallel pass, from a trained model."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from undertow.cli.options import SHARED, Device, Json


def distil(
    teacher: Path,
    /,
    *,
    recipe: str,
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
    """Train a student from a trained model of sound: it makes the same sound in one parallel pass.

    The student has the teacher's rate, samples, labels and features. Its folder is whole without the teacher, and goes
    to generate like any other. `undertow score` tells how likely its sound is to the teacher.

    Args:
        teacher: Folder of a trained model of 16-bit samples (alphabet linear_pcm, network.input scalar), with a
            gaussian emission or a mixture_of_logistics.
        recipe: A recipe of a student: parallel-wavenet-fsdd, clarinet-fsdd, or a YAML file.
        out: Folder of the run; it must be new, unless --resume is given.
        init: Start from the best weights of this student where names and shapes agree.
        data: A folder, a file or a named set to train on, instead of the recipe's data.
        changes: Fields of the recipe to change, such as model.distillation.power.weight=0.
        steps: Length of the run in updates, instead of the recipe's.
        minutes: Length of the run in minutes; the number of updates that fit is measured at its start.
        resume: Resume the run in the folder, exactly where it stopped; the teacher must have the same weights.
        seed: Seed of the initial weights, the order of the data and the noise, instead of the recipe's.
    """
    from undertow.cli import training
    from undertow.recipes import distil as run

    options: dict[str, Any] = {"init": init, "data": data, "steps": steps, "minutes": minutes, "seed": seed}
    training.run(
        lambda told: run(teacher, recipe, out, resume=resume, **told),
        ["distil", str(teacher), "--recipe", recipe],
        out,
        changes=changes,
        options=options,
        device=device,
        json=json,
    )
