"""A tiny language model trained on streams of characters: as a function, and as a script for several processes.

python -m tests.training.streams OUT [--resume] [name=value …]
"""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.training import runs
from undertow.config import parse
from undertow.data.batches import batches_in_order
from undertow.data.sequences import SequenceSet
from undertow.data.streams import StreamBatches
from undertow.models import Autoregressive
from undertow.training.config import TrainingConfig
from undertow.training.distributed import World
from undertow.training.trainer import Trainer

MODEL: dict[str, Any] = {
    "alphabet": {"kind": "characters", "characters": "abcdefgh"},
    "network": {"kind": "rnn", "cell": "lstm", "num_layers": 1, "channels": 6, "dropout": 0.1},
    "emission": {"kind": "categorical"},
}
CHUNK = 5


def texts(seed: int, *lengths: int) -> SequenceSet:
    """Steps up or down the alphabet, a new direction at each place with one chance in five."""
    random = np.random.default_rng(seed)
    signs = [np.cumprod(np.where(random.random(length) < 0.2, -1, 1)) for length in lengths]
    return SequenceSet([(np.cumsum(sign) % 8).astype(np.uint8) for sign in signs])


def trainer(out: Path, world: World, network: Any = None, double: bool = False, **changes: Any) -> Trainer:
    config = parse(TrainingConfig, {**runs.TRAINING, "schedule": "linear", **changes})
    torch.manual_seed(config.seed)
    model = Autoregressive(parse(Autoregressive.Config, {**MODEL, "network": network or MODEL["network"]}))
    model = model.double() if double else model
    batches = StreamBatches(texts(0, 60, 7, 40, 23), config.batch_size, CHUNK, config.seed, world.rank, world.size)
    validation = list(batches_in_order(texts(1, 20, 31), 1))
    return Trainer(model, config, batches, validation, out, world, quiet=True)


train = partial(runs.train, trainer)

if __name__ == "__main__":
    runs.main(trainer)
