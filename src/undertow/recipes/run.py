"""A recipe made into a trained model: its clips read, its model built, and the trainer set to work in a run folder."""

import os
import platform
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from undertow.checkpoint import load
from undertow.config import to_dict
from undertow.errors import UsageError
from undertow.models import Autoregressive, Model, Seq2Seq, build
from undertow.models.transfer import take_weights
from undertow.recipes.callbacks import Downloads, Say, silent
from undertow.recipes.recipe import Recipe, read_recipe
from undertow.recipes.tasks import TASKS, Task
from undertow.recipes.tasks.task import autoregressive
from undertow.training.distributed import World, world
from undertow.training.progress import RunProgress
from undertow.training.run_folder import check
from undertow.training.trainer import Trainer


@dataclass(frozen=True)
class Trained:
    """A run that came to its end.

    Attributes:
        out: its folder.
        recipe: what was trained.
        model: with its last weights, where it was trained; `load` gives the best ones.
        progress: how far it went.
    """

    out: Path
    recipe: Recipe
    model: Model
    progress: RunProgress

    @property
    def loss_text(self) -> str | None:
        """The best validation in the units that people state it in; None where nothing was held out."""
        return self.progress.best_text

    @property
    def device(self) -> torch.device:
        """Where it was trained."""
        return next(self.model.parameters()).device

    def load(self, device: str | torch.device = "cpu") -> Model:
        """The model with the best weights."""
        return load(self.out, device)


def train(
    recipe: str | Path | Mapping[str, Any] | Recipe,
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
    """Train a recipe's model in the folder `out`; under torchrun, together with the other processes.

    Args:
        recipe: a recipe's name, a YAML file, or its content.
        init: folder of a trained model to start from: its best weights, where names and shapes agree. A recipe
            without a network, such as `classify`, takes its network too.
        data: a folder, a file or a named set, in place of the recipe's.
        changes: values by dotted name, {"training.batch_size": 8}.
        steps, minutes: length of the run, in place of the recipe's.
        seed: of weights, order and dropout, in place of the recipe's.
        resume: go on with the run that is in `out`.
        device: "cpu" or "cuda"; by default CUDA where there is one.
        say: takes lines on what is being done; None for silence, without a progress bar too.
        downloads: shows the download of a named set that is not on this machine.

    Raises:
        UsageError: an unknown recipe, key or kind, a wrong value, or no data.
        DataError: the data cannot be used, or `out` is not to be written to; see `Trainer.fit`.
        KeyboardInterrupt: interrupted; the run is saved.
    """
    changes = _all_changes(changes, steps, minutes, seed) | ({} if init is None else {"init": str(init)})
    made = recipe if isinstance(recipe, Recipe) else read_recipe(recipe, changes)
    kind = TASKS[made.data.kind]
    made = replace(made, data=kind.choose(made.data, data))
    out = Path(out)
    with world(device) as here:  # what holds on to the processes' group is gone when it ends: it lives in `_train`
        check(out, resume)
        if here.is_first:
            kind.fetch(made.data, downloads)
        here.wait()
        return _train(made, out, resume, here, say)


def _train(made: Recipe, out: Path, resume: bool, here: World, say: Say | None) -> Trained:
    """Read the data, build the model, and train it in this process."""
    tell = say if say is not None and here.is_first else silent
    task = TASKS[made.data.kind](made.data, made.model, tell)
    torch.manual_seed(made.training.seed)
    model = _build(task.model_config)
    tell(describe(model))
    if made.init is not None and not (resume and (out / "last").exists()):
        tell(f"it starts from {made.init}: {take_weights(model, load(made.init)).text}")
    trainer = _trainer(made, task, model, out, here, quiet=say is None)
    return Trained(out, made, model, trainer.fit(resume))


def load_model(path: str | Path, device: str | torch.device = "cpu") -> Autoregressive:
    """The autoregressive model of a checkpoint or run folder; see `undertow.checkpoint.load`.

    Raises:
        UsageError: it is a model of another kind.
    """
    return autoregressive(load(path, device), f"{path} is")


def _all_changes(
    changes: Mapping[str, Any] | None, steps: int | None, minutes: float | int | None, seed: int | None
) -> dict[str, Any]:
    """The changes, with length and seed among them."""
    if steps is not None and minutes is not None:
        raise UsageError("give steps or minutes, not both")
    every = dict(changes or {})
    if steps is not None or minutes is not None:
        every |= {"training.steps": steps, "training.minutes": minutes}
    return every if seed is None else every | {"training.seed": seed}


def _build(config: Any) -> Model:
    try:
        return build(config)
    except (RuntimeError, OverflowError, MemoryError, TypeError) as error:  # the last: a size that torch cannot count
        reason = (str(error) or "too little memory").splitlines()[0]
        raise UsageError(f"this model cannot be made, choose smaller sizes: {reason}") from error


def describe(model: Any) -> str:
    """Size and receptive field of a model, in one line."""
    size = f"{model.config.network.kind} of {model.num_parameters:,} parameters"
    if isinstance(model, Seq2Seq):
        return f"{size}; it reads {model.config.direction[0]} and writes {model.config.direction[1]}"
    sense = "hears" if model.alphabet.real == "sound" else "sees"
    field, rate = model.network.receptive_field, model.config.sample_rate
    reach = "all of the past" if field is None else f"{field:,} {model.alphabet.unit}s"
    if field is not None and rate is not None:
        reach += f" ({1000 * field / rate:.0f} ms at {rate} Hz)"
    return f"{size}; it {sense} {reach}"


def _trainer(recipe: Recipe, task: Task, model: Model, out: Path, here: World, quiet: bool) -> Trainer:
    sharded = here.size > 1 and recipe.training.parallel == "fsdp"  # one process alone cannot run such a model
    return Trainer(
        model,
        recipe.training,
        task.batches(model, recipe.training, here),
        task.validation(model),
        out,
        here,
        settings={"data": to_dict(recipe.data)},
        card=_card(recipe, task, model, here),
        on_validation=None if sharded else task.sample_writer(recipe.samples, out),
        measure=None if sharded else task.measure(model),
        quiet=quiet,
    )


def _card(recipe: Recipe, task: Task, model: Model, here: World) -> dict[str, Any]:
    """What a checkpoint says of its making; the trainer adds steps, time and scores."""
    started = {} if recipe.init is None else {"started_from": recipe.init}
    return {
        "description": recipe.description,
        "data": {**to_dict(recipe.data), "splits": task.summary()},
        "training": {**to_dict(recipe.training), **started, "num_processes": here.size, **hardware(here.device)},
        "baselines": {"validation_unigram_bits": task.baseline(model)},
    }


def hardware(device: torch.device) -> dict[str, Any]:
    """What computes: its name, the machine's cores, and the threads that are used of them."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    threads = {"num_cores": os.cpu_count(), "num_threads": torch.get_num_threads()}
    return {"device": device.type, "hardware": name, **threads}
