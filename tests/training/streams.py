"""A tiny language model trained on streams of characters: as a function, and as a script for several processes.

python -m tests.training.streams OUT [--resume] [name=value …]
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from tests.training.tiny import train_and_compare
from undertow.config import parse
from undertow.data.sequences import SequenceSet, sequences_in_order
from undertow.data.streams import StreamBatches
from undertow.models import Autoregressive
from undertow.training.config import TrainingConfig
from undertow.training.distributed import World, world
from undertow.training.trainer import Progress, Trainer

MODEL: dict[str, Any] = {
    "alphabet": {"kind": "characters", "characters": "abcdefgh"},
    "network": {"kind": "rnn", "cell": "lstm", "num_layers": 1, "channels": 6, "dropout": 0.1},
    "emission": {"kind": "categorical"},
}
TRAINING: dict[str, Any] = {"steps": 12, "batch_size": 2, "warmup_steps": 3, "num_validations": 3, "average": 0.9}
TRAINING |= {"learning_rate": 0.01, "tensorboard": False, "precision": "fp32", "schedule": "linear"}
CHUNK = 5


def texts(seed: int, *lengths: int) -> SequenceSet:
    """Steps up or down the alphabet, a new direction at each place with one chance in five."""
    random = np.random.default_rng(seed)
    signs = [np.cumprod(np.where(random.random(length) < 0.2, -1, 1)) for length in lengths]
    return SequenceSet([(np.cumsum(sign) % 8).astype(np.uint8) for sign in signs])


def trainer(out: Path, world: World, network: Any = None, double: bool = False, **changes: Any) -> Trainer:
    config = parse(TrainingConfig, {**TRAINING, **changes})
    torch.manual_seed(config.seed)
    model = Autoregressive(parse(Autoregressive.Config, {**MODEL, "network": network or MODEL["network"]}))
    model = model.double() if double else model
    batches = StreamBatches(texts(0, 60, 7, 40, 23), config.batch_size, CHUNK, config.seed, world.rank, world.size)
    validation = list(sequences_in_order(texts(1, 20, 31), 1))
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


if __name__ == "__main__":
    main()
