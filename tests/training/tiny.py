"""A tiny WaveNet on synthesised notes, trained in a fraction of a second: as a function, and as a script to be killed.

python -m tests.training.tiny OUT [--resume] [name=value …]
"""

import argparse
from pathlib import Path
from typing import Any

import torch
import yaml
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict

from undertow.alphabets import build
from undertow.config import parse
from undertow.data import load_clips
from undertow.data.batches import Batches, batches_in_order
from undertow.models import Autoregressive
from undertow.training.config import TrainingConfig
from undertow.training.distributed import World, world
from undertow.training.trainer import Progress, Trainer

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
TRAINING: dict[str, Any] = {"steps": 12, "batch_size": 2, "warmup_steps": 3, "num_validations": 3, "average": 0.9}
TRAINING |= {"learning_rate": 0.01, "tensorboard": False, "precision": "fp32"}


def trainer(out: Path, world: World, double: bool = False, model: Any = None, **changes: Any) -> Trainer:
    config = parse(TrainingConfig, {**TRAINING, **changes})
    torch.manual_seed(config.seed)
    clips = load_clips("plucked", "train")
    labels = {"pitch": clips.label_classes["pitch"]}
    conditioner = {"labels": labels, "label_channels": 4, "label_dropout": 0.0 if double else 0.2}
    model = model or Autoregressive(parse(Autoregressive.Config, {**MODEL, "conditioner": conditioner}))
    model = model.double() if double else model
    alphabet = build(model.config.alphabet)
    field = model.receptive_field
    batches = Batches(
        clips, alphabet, field, config.batch_size, 64, config.seed, world.rank, world.size, label_classes=labels
    )
    held_out = load_clips("plucked", "validation")
    validation = [
        batch for _, batch in zip(range(3), batches_in_order(held_out, alphabet, field, 2, 200), strict=False)
    ]
    return Trainer(model, config, batches, validation, out, world, quiet=True)


def train(out: Path, resume: bool = False, **changes: Any) -> Progress:
    with world("cpu") as alone:
        return trainer(out, alone, **changes).fit(resume)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("changes", nargs="*")
    options = parser.parse_intermixed_args()
    torch.set_num_threads(1)
    changes = {name: yaml.safe_load(value) for name, value in (one.split("=") for one in options.changes)}
    with world("cpu") as here:
        train_and_compare(trainer(options.out, here, **changes), options.resume)


def train_and_compare(run: Trainer, resume: bool) -> None:
    """Train; every process then holds the same weights, bit for bit."""
    run.fit(resume)
    for weight in get_model_state_dict(run.model, options=StateDictOptions(full_state_dict=True)).values():
        sums = run.world.gather({"weight": weight})
        assert all(torch.equal(weight, other["weight"]) for other in sums), "the processes' weights have drifted apart"


if __name__ == "__main__":
    main()
