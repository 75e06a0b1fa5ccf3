"""A tiny WaveNet on synthesised notes, trained in a fraction of a second: as a function, and as a script to be killed.

python -m tests.training.tiny OUT [--resume] [name=value …]
"""

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

import torch

from tests.training import runs
from undertow.config import parse
from undertow.data import load_clips
from undertow.data.batches import CropBatches, batches_in_order
from undertow.data.clip_examples import ClipExamples
from undertow.models import Autoregressive
from undertow.training.config import TrainingConfig
from undertow.training.distributed import World
from undertow.training.trainer import Trainer

MODEL: dict[str, Any] = {
    "alphabet": {"kind": "mu_law", "num_levels": 16},
    "network": {
        "kind": "wavenet",
        "num_cycles": 1,
        "layers_per_cycle": 3,
        "residual_channels": 6,
        "gate_channels": 8,
        "skip_channels": 8,
    },
    "emission": {"kind": "categorical"},
}


def trainer(
    out: Path, world: World, double: bool = False, model: Any = None, quiet: bool = True, **changes: Any
) -> Trainer:
    config = parse(TrainingConfig, {**runs.TRAINING, **changes})
    torch.manual_seed(config.seed)
    clips = load_clips("plucked", "train")
    labels = {"pitch": clips.label_classes["pitch"]}
    conditioner = {"labels": labels, "label_channels": 4, "label_dropout": 0.0 if double else 0.2}
    model = model or Autoregressive(parse(Autoregressive.Config, {**MODEL, "conditioner": conditioner}))
    model = model.double() if double else model
    field, needs = model.receptive_field, model.needs
    examples = ClipExamples(clips, needs)
    batches = CropBatches(examples, config.batch_size, 64, field, config.seed, world.rank, world.size)
    held_out = ClipExamples(load_clips("plucked", "validation"), dataclasses.replace(needs, classes={}))
    validation = [batch for _, batch in zip(range(3), batches_in_order(held_out, 2, 200, field), strict=False)]
    return Trainer(model, config, batches, validation, out, world, quiet=quiet)


train = partial(runs.train, trainer)

if __name__ == "__main__":
    runs.main(trainer)
