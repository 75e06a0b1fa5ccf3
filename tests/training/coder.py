"""A small autoencoder with a codebook that starts by k-means, moves by averages and revives its dead codes.

python -m tests.training.coder OUT [--resume] [name=value …]
"""

from functools import partial
from pathlib import Path
from typing import Any

import torch

from tests.models import coders
from tests.training import runs
from undertow.batch import Batch
from undertow.config import parse
from undertow.training.config import TrainingConfig
from undertow.training.distributed import World
from undertow.training.trainer import Trainer

LENGTHS = 80, 43, 61, 72
CODEBOOK = {
    "num_codes": 12,
    "num_recent": 30,
    "first_update": 2,
    "decay": 0.6,
    "dead_share": 0.3,
}  # so that some die in a few updates


class Sounds:
    """Batch `step` of process `rank` of `size`."""

    def __init__(self, batch_size: int, rank: int = 0, size: int = 1) -> None:
        self.own, self.number = slice(rank * batch_size, (rank + 1) * batch_size), batch_size * size

    def batch(self, step: int) -> Batch:
        whole = coders.batch(LENGTHS[: self.number], seed=step)
        labels = {name: label[self.own] for name, label in whole.labels.items()}
        assert whole.features is not None
        own = self.own
        return Batch(whole.symbols[own], whole.counted[own], labels, whole.features[own], whole.names[own])


def trainer(out: Path, world: World, moves: str = "average", is_fresh: bool = True, **changes: Any) -> Trainer:
    config = parse(TrainingConfig, {**runs.TRAINING, **changes})
    torch.manual_seed(config.seed)
    bottleneck = {"kind": "vq", "codebook": {**CODEBOOK, "moves": moves}}
    model = coders.make(bottleneck=bottleneck, jitter=0.2 if is_fresh else 0.0)
    model.projection.weight.data.mul_(0.1)  # so that the penalty is small beside the likelihood
    batches = Sounds(config.batch_size, world.rank, world.size)
    validation = [Sounds(3).batch(1000 + step) for step in range(2)]
    return Trainer(model, config, batches, validation, out, world, is_fresh=is_fresh, quiet=True)


train = partial(runs.train, trainer)

if __name__ == "__main__":
    runs.main(trainer)
