"""A recipe made into a trained model: its clips read, its model built, and the trainer set to work in a run folder."""

import math
import os
import platform
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from undertow.batch import Batch
from undertow.checkpoint import load
from undertow.config import to_dict
from undertow.data.batches import Batches, batches_in_order
from undertow.data.clips import ClipSet
from undertow.errors import UsageError
from undertow.models import build
from undertow.models.autoregressive import Autoregressive
from undertow.recipes.clips import (
    Downloads,
    Say,
    choose,
    choose_labels,
    fetch_if_missing,
    has_split,
    open_clips,
    silent,
    summary,
    tell_of_files,
)
from undertow.recipes.recipe import Recipe, complete, read_recipe, wanted_labels
from undertow.recipes.samples import SampleWriter
from undertow.recipes.verdict import unigram_bits
from undertow.training.distributed import World, world
from undertow.training.run_folder import check
from undertow.training.trainer import Progress, Trainer

VALIDATION_STEPS = 32_768  # of one batch, about
VALIDATION_CROP = 16_384


@dataclass(frozen=True)
class Trained:
    """A run that came to its end.

    Attributes:
        out: its folder.
        recipe: what was trained.
        progress: how far it went; losses are in nats a step.
    """

    out: Path
    recipe: Recipe
    progress: Progress

    @property
    def bits_per_symbol(self) -> float:
        """The best validation, in bits a symbol."""
        best = self.progress.best_loss
        return math.nan if best is None else best / math.log(2)

    def load(self, device: str | torch.device = "cpu") -> Autoregressive:
        """The model with the best weights."""
        return load_model(self.out, device)


def train(
    recipe: str | Path | Mapping[str, Any] | Recipe,
    out: str | Path,
    *,
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
        data: a folder of recordings or a named set, in place of the recipe's.
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
    made = recipe if isinstance(recipe, Recipe) else read_recipe(recipe, _all_changes(changes, steps, minutes, seed))
    made = replace(made, data=choose(made.data, data))
    out = Path(out)
    with world(device) as here:  # what holds on to the processes' group is gone when it ends: it lives in `_train`
        check(out, resume)
        if here.is_first:
            fetch_if_missing(made.data, downloads)
        here.wait()
        return _train(made, out, resume, here, say)


def _train(made: Recipe, out: Path, resume: bool, here: World, say: Say | None) -> Trained:
    """Read the clips, build the model, and train it in this process."""
    tell = say if say is not None and here.is_first else silent
    features = complete(made, {}, made.data.sample_rate).conditioner.features
    clips = {split: open_clips(made.data, split, features=features) for split in _splits(made, tell)}
    _tell_of_clips(made, clips, tell)
    labels, left_out = choose_labels(wanted_labels(made), clips["train"])
    for name in left_out:
        tell(f"label '{name}' is left out: it does not sort the clips into classes")
    torch.manual_seed(made.training.seed)
    model = _build(complete(made, labels, clips["train"].sample_rate))
    tell(describe(model))
    trainer = _trainer(made, model, clips, out, here, quiet=say is None)
    return Trained(out, made, trainer.fit(resume))


def load_model(path: str | Path, device: str | torch.device = "cpu") -> Autoregressive:
    """The model of a checkpoint or run folder; see `undertow.checkpoint.load`."""
    model = load(path, device)
    assert isinstance(model, Autoregressive)
    return model


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


def _build(config: Any) -> Autoregressive:
    try:
        model = build(config)
    except (RuntimeError, OverflowError, MemoryError, TypeError) as error:  # the last: a size that torch cannot count
        reason = (str(error) or "too little memory").splitlines()[0]
        raise UsageError(f"this model cannot be made, choose smaller sizes: {reason}") from error
    assert isinstance(model, Autoregressive)
    return model


def describe(model: Autoregressive) -> str:
    """Size and receptive field of a model, in one line."""
    num_parameters = sum(parameter.numel() for parameter in model.parameters())
    field, rate = model.receptive_field, model.config.sample_rate
    reach = "all of the past" if field is None else f"{field:,} samples"
    if field is not None and rate is not None:
        reach += f" ({1000 * field / rate:.0f} ms at {rate} Hz)"
    return f"{model.config.network.kind} of {num_parameters:,} parameters; it hears {reach}"


def _trainer(
    recipe: Recipe, model: Autoregressive, clips: Mapping[str, ClipSet], out: Path, here: World, quiet: bool
) -> Trainer:
    settings = model.config.conditioner
    batches = Batches(
        clips["train"],
        model.alphabet,
        model.context_steps,
        recipe.training.batch_size,
        recipe.data.crop_steps,
        recipe.training.seed,
        here.rank,
        here.size,
        features=settings.features,
        label_classes=settings.labels,
        period=model.network.period,
        look_ahead=settings.upsampling.look_ahead,
    )
    held_out = clips.get("validation")
    sharded = here.size > 1 and recipe.training.parallel == "fsdp"  # one process alone cannot run such a model
    writes = recipe.samples.count > 0 and not sharded
    return Trainer(
        model,
        recipe.training,
        batches,
        [] if held_out is None else validation_batches(model, held_out),
        out,
        here,
        settings={"data": to_dict(recipe.data)},
        card=_card(recipe, clips, here, unigram_bits(clips, model.alphabet)),
        on_validation=SampleWriter(recipe.samples, held_out or clips["train"], out) if writes else None,
        quiet=quiet,
    )


def validation_batches(model: Autoregressive, clips: ClipSet) -> Sequence[Batch]:
    """Every held-out step once, in batches whose size in memory is bounded."""
    field, settings = model.context_steps, model.config.conditioner
    longest = max(map(len, clips))
    if field is not None:
        longest = min(longest, field + VALIDATION_CROP)
    return list(
        batches_in_order(
            clips,
            model.alphabet,
            field,
            max(1, VALIDATION_STEPS // longest),
            None if field is None else VALIDATION_CROP,
            features=settings.features,
            label_classes=settings.labels,
            period=model.network.period,
            look_ahead=settings.upsampling.look_ahead,
        )
    )


def _card(
    recipe: Recipe, clips: Mapping[str, ClipSet], here: World, validation_unigram_bits: float | None
) -> dict[str, Any]:
    """What a checkpoint says of its making; the trainer adds steps, time and scores."""
    return {
        "description": recipe.description,
        "data": {**to_dict(recipe.data), "splits": {split: summary(part) for split, part in clips.items()}},
        "training": {**to_dict(recipe.training), "num_processes": here.size, **hardware(here.device)},
        "baselines": {"validation_unigram_bits": validation_unigram_bits},
    }


def hardware(device: torch.device) -> dict[str, Any]:
    """What computes: its name, the machine's cores, and the threads that are used of them."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    threads = {"num_cores": os.cpu_count(), "num_threads": torch.get_num_threads()}
    return {"device": device.type, "hardware": name, **threads}


def _splits(recipe: Recipe, tell: Say) -> list[str]:
    """The splits a run reads."""
    if has_split(recipe.data, "validation"):
        return ["train", "validation"]
    tell("there are no clips to validate on, too few files to hold any out: nothing will tell when to stop")
    return ["train"]


def _tell_of_clips(recipe: Recipe, clips: Mapping[str, ClipSet], tell: Say) -> None:
    """Lengths of the splits, and what reading them met."""
    rates = {part.sample_rate for part in clips.values()}
    parts = [f"{split} {len(part):,} clips, {part.seconds / 60:.1f} min" for split, part in clips.items()]
    tell(f"{recipe.data.source} at {', '.join(map(str, rates))} Hz: {'; '.join(parts)}")
    for part in clips.values():
        tell_of_files(part, tell)
