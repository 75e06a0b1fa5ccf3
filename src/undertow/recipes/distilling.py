"""Train a student from a teacher: a recipe with the folder of a trained model."""

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from undertow.arguments import checked
from undertow.callbacks import Downloads, Say
from undertow.recipes.run import Trained, train


@checked
def distil(
    teacher: str | Path,
    recipe: str | Path | Mapping[str, Any],
    out: str | Path,
    *,
    init: str | Path | None = None,
    data: str | Path | None = None,
    changes: Mapping[str, Any] | None = None,
    steps: int | None = None,
    minutes: float | int | None = None,
    seed: int | None = None,
    resume: bool = False,
    device: str | None = None,
    say: Say | None = None,
    downloads: Downloads = nullcontext,
) -> Trained:
    """Train a student in the folder `out`, from a trained model of the same sound.

    The student has the teacher's rate, samples, labels and features. Its folder holds nothing of the teacher; its card
    names the teacher's folder and the SHA-256 of its weights, which a resumed run compares.

    Args:
        teacher: folder of a trained model of linear_pcm samples with a density: gaussian or mixture_of_logistics.
        recipe: a recipe's name, a YAML file, or its content, with a model of kind student.
        init, data, changes, steps, minutes, seed, resume, device, say, downloads: see `undertow.recipes.run.train`.

    Raises:
        UsageError: a recipe without a student, or a teacher of another rate, of other samples or features.
        DataError: a teacher that cannot be read or has not learnt; see also `undertow.recipes.run.train`.
        Stopped: interrupted, and saved.
    """
    return train(
        recipe,
        out,
        init=init,
        data=data,
        changes={**(changes or {}), "teacher": str(teacher)},
        steps=steps,
        minutes=minutes,
        seed=seed,
        resume=resume,
        device=device,
        say=say,
        downloads=downloads,
    )
