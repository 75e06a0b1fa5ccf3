"""A recipe made into a trained model: its clips read, its model built, and the trainer set to work in a run folder."""

import os
import platform
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from undertow.callbacks import Downloads, Say, silent
from undertow.checkpoint import load
from undertow.config import to_dict
from undertow.data.examples import Examples
from undertow.data.needs import Needs
from undertow.errors import UsageError
from undertow.media import MEDIA, medium_of
from undertow.models import Autoregressive, Model, build, complete, require
from undertow.models.transfer import take_weights
from undertow.recipes.feeding import training_batches, unigram_bits, validation_batches
from undertow.recipes.recipe import Recipe, read_recipe
from undertow.recipes.samples import SampleWriter
from undertow.recipes.tasks import TASKS, Task
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
    task = TASKS[made.data.kind](made.data, tell)
    config = complete(made.model, task.told(), tell)
    torch.manual_seed(made.training.seed)
    model = _build(config)
    sets = read_sets(task, model.needs, tell)
    tell(describe(model))
    if made.init is not None and not (resume and (out / "last").exists()):
        tell(f"it starts from {made.init}: {take_weights(model, load(made.init)).text}")
    trainer = _trainer(made, task, sets, model, out, here, quiet=say is None)
    return Trained(out, made, model, trainer.fit(resume))


def load_model(path: str | Path, device: str | torch.device = "cpu") -> Autoregressive:
    """The model of a checkpoint or run folder, which must generate; see `undertow.checkpoint.load`.

    Raises:
        UsageError: it is a model of another kind.
    """
    return require(load(path, device), "generate", f"{path} is")


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


def read_sets(task: Task, needs: Needs, tell: Say) -> dict[str, Examples]:
    """The training split, and the validation split where there is one; their sizes are told."""
    there = task.splits(task.config)
    if "validation" not in there:
        tell("there is nothing to validate on, too little data to hold any out: nothing will tell when to stop")
    sets: dict[str, Examples] = {
        split: task.read(split, needs) for split in ("train", "validation") if split in (*there, "train")
    }
    rate = "" if needs.sample_rate is None else f" at {needs.sample_rate} Hz"
    sizes = "; ".join(f"{split} {part.size(needs.alphabet.unit)}" for split, part in sets.items())
    tell(f"{task.name(task.config)}{rate}: {sizes}")
    return sets


def describe(model: Model) -> str:
    """A model's size, and what it reads, in one line."""
    facts = model.facts
    size = f"{model.config.network.kind} of {model.num_parameters:,} parameters"
    if "direction" in facts:
        return f"{size}; it reads {facts['direction'][0]} and writes {facts['direction'][1]}"
    if facts["receptive_field"] is None:
        return f"{size}; it sees all of the past"
    reach = f"{facts['receptive_field']:,} {facts['unit']}s"
    if facts["receptive_field_ms"] is not None:
        reach += f" ({facts['receptive_field_ms']:.0f} ms at {facts['sample_rate']} Hz)"
    return f"{size}; it sees {reach} of the past"


def _trainer(
    recipe: Recipe, task: Task, sets: Mapping[str, Examples], model: Model, out: Path, here: World, quiet: bool
) -> Trainer:
    sharded = here.size > 1 and recipe.training.parallel == "fsdp"  # one process alone cannot run such a model
    needs = model.needs
    return Trainer(
        model,
        recipe.training,
        training_batches(sets, task.cut, needs, recipe.training, here),
        validation_batches(sets, task.cut, needs),
        out,
        here,
        settings={"data": to_dict(recipe.data)},
        card=_card(recipe, sets, model, here),
        on_validation=None if sharded else _sample_writer(recipe, task, sets, model, out),
        measure=None if sharded or "validation" not in sets else task.measure(sets["validation"]),
        quiet=quiet,
    )


def _sample_writer(
    recipe: Recipe, task: Task, sets: Mapping[str, Examples], model: Model, out: Path
) -> SampleWriter | None:
    alphabet = model.needs.alphabet
    if not recipe.samples.count or not model.abilities or alphabet.real not in MEDIA:
        return None
    medium = medium_of(alphabet, model.needs.sample_rate)
    make = task.samples(recipe.samples, sets, medium)
    return None if make is None else SampleWriter(make, medium, out)


def _card(recipe: Recipe, sets: Mapping[str, Examples], model: Model, here: World) -> dict[str, Any]:
    """What a checkpoint says of its making; the trainer adds steps, time and scores."""
    started = {} if recipe.init is None else {"started_from": recipe.init}
    return {
        "description": recipe.description,
        "data": {**to_dict(recipe.data), "splits": {split: part.summary() for split, part in sets.items()}},
        "training": {**to_dict(recipe.training), **started, "num_processes": here.size, **hardware(here.device)},
        "baselines": {"validation_unigram_bits": unigram_bits(sets, model.needs)},
    }


def hardware(device: torch.device) -> dict[str, Any]:
    """What computes: its name, the machine's cores, and the threads that are used of them."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    threads = {"num_cores": os.cpu_count(), "num_threads": torch.get_num_threads()}
    return {"device": device.type, "hardware": name, **threads}
