"""Train a recipe: read its data, build its model, and run the trainer in a run folder."""

import os
import platform
from collections.abc import Mapping
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from undertow.alphabets.skipping import Skipped
from undertow.arguments import checked
from undertow.callbacks import Downloads, Say, silent
from undertow.checkpoint import load
from undertow.config import to_dict
from undertow.data.content import digest
from undertow.data.examples import Examples
from undertow.data.folder import NothingUsable
from undertow.data.needs import Needs
from undertow.device import pick_device
from undertow.errors import UsageError, counted
from undertow.media import MEDIA, medium_of
from undertow.models import Model, build, complete, require
from undertow.models.generating import Generating
from undertow.models.transfer import take_weights
from undertow.networks.imported import code_allowed
from undertow.recipes.batch_room import check_room
from undertow.recipes.feeding import training_batches, unigram_bits, validation_batches
from undertow.recipes.recipe import Recipe, read_recipe
from undertow.recipes.samples import MAKERS, SampleWriter
from undertow.recipes.tasks import TASKS, Task
from undertow.recipes.teaching import teach
from undertow.run_steps import newest
from undertow.training.distributed import World, world
from undertow.training.progress import RunProgress
from undertow.training.run_folder import LENGTH, taken
from undertow.training.trainer import Trainer

UNTOLD = ("training.seed", "teacher")  # changes that leave a recipe as its description says


@dataclass(frozen=True)
class Trained:
    """A finished run.

    Attributes:
        out: its folder.
        recipe: what was trained.
        model: the model with its last weights, on its device; `load` gives the best ones.
        progress: the run's progress.
    """

    out: Path
    recipe: Recipe
    model: Model
    progress: RunProgress

    @property
    def loss_text(self) -> str | None:
        """The best validation loss in its usual unit; None without held-out data."""
        return self.progress.best_text

    @property
    def device(self) -> torch.device:
        """The device it was trained on."""
        return next(self.model.parameters()).device

    def load(self, device: str | torch.device = "cpu") -> Model:
        """The model with the best weights."""
        return load(self.out, device)


@checked
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
    skip_unknown: bool = False,
    device: str | None = None,
    say: Say | None = None,
    downloads: Downloads = nullcontext,
) -> Trained:
    """Train a recipe's model in the folder `out`; under torchrun, together with the other processes.

    Args:
        recipe: a recipe's name, a YAML file, or its content.
        init: folder of a trained model to start from: its best weights, where names and shapes agree. A recipe
            without a network, such as `classify`, takes its network too.
        data: a folder, a file or a named set, instead of the recipe's.
        changes: values by dotted name, {"training.batch_size": 8}.
        steps, minutes: length of the run, instead of the recipe's.
        seed: seed of weights, order and dropout, instead of the recipe's.
        resume: resume the run in `out`, also with data at another place. Steps or minutes that are given here may
            be others than the run had: then the learning rate goes on as in a run of the new length.
        skip_unknown: skip characters that the model's alphabet lacks, and count them; by default they are refused.
        device: "cpu", "cuda" or "auto"; by default CUDA if there is a device.
        say: called with lines on the progress; None for silence, without a progress bar.
        downloads: shows the download of a named set that is not on this machine.

    Raises:
        UsageError: an unknown recipe, key or kind, a wrong value, or no data.
        DataError: the data cannot be used, or `out` cannot be written to; see `Trainer.fit`.
        Stopped: interrupted, and saved; see `Trainer.fit`.
    """
    changes = _all_changes(changes, steps, minutes, seed) | ({} if init is None else {"init": str(init)})
    has_length = not LENGTH.isdisjoint(changes)
    made = recipe if isinstance(recipe, Recipe) else read_recipe(recipe, changes)
    kind = TASKS[made.data.kind]
    made = replace(made, data=kind.choose(made.data, data), description=_description(recipe, made, changes, data))
    out = Path(out)
    if device is not None:
        device = pick_device(device)
    with world(device) as here, ExitStack() as stack:  # the group's users live in `_train`, freed before it ends
        here.first_opens(stack, lambda: taken(out, resume))
        if here.is_first:
            kind.fetch(made.data, downloads)
        here.wait()
        return _train(made, out, resume, has_length, skip_unknown, here, say)


def _train(
    made: Recipe, out: Path, resume: bool, new_length: bool, skip_unknown: bool, here: World, say: Say | None
) -> Trained:
    """Read the data, build the model, and train it in this process."""
    tell = say if say is not None and here.is_first else silent
    task = TASKS[made.data.kind](made.data, tell)
    config = complete(made.model, task.told(), tell)
    torch.manual_seed(made.training.seed)
    model = _build(config)
    is_resumed = resume and newest(out) is not None
    is_fresh = made.init is None and not is_resumed
    taught = teach(model, made.teacher, is_fresh, tell)
    skipped = Skipped()
    sets = read_sets(task, model.needs.skipping(skipped) if skip_unknown else model.needs, tell)
    for note in skipped.notes:
        tell(note)
    model.survey(sets["train"])
    tell(describe(model))
    if made.init is not None and not is_resumed:
        tell(f"starting from {made.init}: {take_weights(model, load(made.init)).text}")
    trainer = _trainer(made, task, sets, model, out, here, is_fresh, say is None, taught)
    return Trained(out, made, model, trainer.fit(resume, new_length))


def load_model(path: str | Path, device: str | torch.device = "cpu") -> Generating:
    """The generating model of a checkpoint or run folder; see `undertow.checkpoint.load`.

    Raises:
        UsageError: the model cannot generate.
    """
    return require(load(path, device), "generate", f"{path} is")


def _all_changes(
    changes: Mapping[str, Any] | None, steps: int | None, minutes: float | int | None, seed: int | None
) -> dict[str, Any]:
    """The changes, including length and seed."""
    if steps is not None and minutes is not None:
        raise UsageError("give steps or minutes, not both")
    every = dict(changes or {})
    if steps is not None or minutes is not None:
        every |= {"training.steps": steps, "training.minutes": minutes}
    return every if seed is None else every | {"training.seed": seed}


def _description(recipe: Any, made: Recipe, changes: Mapping[str, Any], data: Any) -> str:
    """A recipe's description, with the names of what was changed; on other data its name, since it is not true then."""
    if not isinstance(recipe, str | Path):
        return made.description
    names = [name for name, value in changes.items() if value is not None and name not in UNTOLD]
    changed = f"; changed in {', '.join(names)}" if names else ""
    other = data is not None or not {"data", "data.kind", "data.source", "data.path"}.isdisjoint(names)
    return (f"recipe {Path(recipe).stem}, on other data" if other else made.description) + changed


def _build(config: Any) -> Model:
    try:
        with code_allowed():  # a recipe that the user runs
            return build(config)
    except (RuntimeError, OverflowError, MemoryError, TypeError) as error:  # TypeError: a size too large for torch
        reason = (str(error) or "too little memory").splitlines()[0]
        raise UsageError(f"cannot build this model; choose smaller sizes: {reason}") from error


def read_sets(task: Task, needs: Needs, tell: Say) -> dict[str, Examples]:
    """The training split, and the validation split if there is one; `tell` gets their sizes."""
    has_validation = "validation" in task.splits(task.config)
    if not has_validation:
        tell("no validation: there is too little data to hold any out")
    sets: dict[str, Examples] = {"train": task.read("train", needs)}
    if has_validation:
        try:
            sets["validation"] = task.read("validation", needs)
        except NothingUsable as error:
            tell(f"no validation: {error}")
    rate = "" if needs.sample_rate is None else f" at {needs.sample_rate} Hz"
    sizes = "; ".join(f"{split} {part.size(needs.alphabet.unit)}" for split, part in sets.items())
    tell(f"{task.name(task.config)}{rate}: {sizes}")
    return sets


def describe(model: Model) -> str:
    """A model's size and receptive field in one line."""
    facts, config = model.facts, to_dict(model.config)
    size = f"{config.get('network', config)['kind']} of {counted(model.num_parameters, 'parameter')}"
    if "direction" in facts:
        return f"{size}; it reads {facts['direction'][0]} and writes {facts['direction'][1]}"
    if facts.get("sees") is not None:
        made = "label" if model.needs.predicted is not None else "frame"
        return f"{size}; each {made} sees {facts['sees']:,} {facts['unit']}s around it"
    if "receptive_field" not in facts:
        return size
    if facts["receptive_field"] is None:
        return f"{size}; it sees all of the past"
    reach = f"{facts['receptive_field']:,} {facts['unit']}s"
    if facts["receptive_field_ms"] is not None:
        reach += f" ({facts['receptive_field_ms']:.0f} ms at {facts['sample_rate']} Hz)"
    return f"{size}; it sees {reach} of the past"


def _trainer(
    recipe: Recipe,
    task: Task,
    sets: Mapping[str, Examples],
    model: Model,
    out: Path,
    here: World,
    is_fresh: bool,
    quiet: bool,
    taught: Mapping[str, Any],
) -> Trainer:
    sharded = here.size > 1 and recipe.training.parallel == "fsdp"  # one process cannot run a sharded model
    needs = model.needs
    batches = training_batches(sets, task.cut, needs, recipe.training, here)
    check_room(model, sets["train"], task.cut, recipe.training, here)
    return Trainer(
        model,
        recipe.training,
        batches,
        validation_batches(sets, task.cut, needs, recipe.training, task.say),
        out,
        here,
        settings=_settings(recipe, task, taught) if here.is_first else None,
        card=_card(recipe, sets, model, here, taught),
        on_validation=None if sharded else _sample_writer(recipe, task, sets, model, out),
        measure=None if sharded or "validation" not in sets else task.measure(sets["validation"]),
        is_fresh=is_fresh,
        quiet=quiet,
    )


def _settings(recipe: Recipe, task: Task, taught: Mapping[str, Any]) -> dict[str, Any]:
    """What a resumed run is compared by, besides its model and training."""
    places = task.places(recipe.data)
    content = {"content": digest(places)} if places else {}
    started = {} if recipe.init is None else {"init": recipe.init}
    teacher = {"teacher": taught["sha256"]} if taught else {}
    return {"data": to_dict(recipe.data), **content, **started, **teacher}


def _sample_writer(
    recipe: Recipe, task: Task, sets: Mapping[str, Examples], model: Model, out: Path
) -> SampleWriter | None:
    alphabet = model.needs.alphabet
    if not recipe.samples.count or not MAKERS & model.abilities or alphabet.real not in MEDIA:
        return None
    medium = medium_of(alphabet, model.needs.sample_rate)
    make = task.samples(recipe.samples, sets, medium)
    return None if make is None else SampleWriter(make, medium, out)


def _card(
    recipe: Recipe, sets: Mapping[str, Examples], model: Model, here: World, taught: Mapping[str, Any]
) -> dict[str, Any]:
    """A checkpoint's card; the trainer adds steps, time and scores."""
    started: dict[str, Any] = {} if recipe.init is None else {"started_from": recipe.init}
    started |= {"teacher": dict(taught)} if taught else {}
    return {
        "description": recipe.description,
        "data": {**to_dict(recipe.data), "splits": {split: part.summary() for split, part in sets.items()}},
        "training": {**to_dict(recipe.training), **started, "num_processes": here.size, **hardware(here.device)},
        "baselines": {"validation_unigram_bits": unigram_bits(sets, model.needs) if model.has_bits else None},
    }


def hardware(device: torch.device) -> dict[str, Any]:
    """The device's name, the machine's cores, and the number of threads in use."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    threads = {"num_cores": os.cpu_count(), "num_threads": torch.get_num_threads()}
    return {"device": device.type, "hardware": name, **threads}
