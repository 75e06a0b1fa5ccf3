"""A toy student: codes that move by averages, a teacher that stays as it is, figures, and a head that is trained.

python -m tests.training.codebook OUT [--resume] [name=value …]
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from tests.training import runs
from undertow.alphabets import Symbols
from undertow.batch import Batch
from undertow.config import config, parse
from undertow.data.needs import Needs
from undertow.data.told import Told
from undertow.models import Loss, Model
from undertow.models.loss import mean_loss
from undertow.models.model import Total
from undertow.state import State
from undertow.training.config import TrainingConfig
from undertow.training.distributed import World
from undertow.training.trainer import Trainer

CODES, CHANNELS, STEPS = 4, 3, 5


class Student(Model):
    """Steps (B, T) of 8 symbols are embedded by a frozen teacher; a head learns to tell them from their nearest code.

    The codes (K, C) are running averages of what fell to them in an update, over all micro-batches and processes.
    """

    codes: Tensor
    sizes: Tensor
    updates: Tensor
    sums: Tensor
    counts: Tensor

    @config
    class Config:
        kind: Literal["student"] = "student"
        decay: float = 0.9

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.teacher = nn.Embedding(8, CHANNELS).requires_grad_(False)
        self.head = nn.Linear(CHANNELS, 8)
        self.register_buffer("codes", torch.randn(CODES, CHANNELS))
        self.register_buffer("sizes", torch.ones(CODES))
        self.register_buffer("updates", torch.zeros((), dtype=torch.int64))
        self.register_buffer("sums", torch.zeros(CODES, CHANNELS), persistent=False)
        self.register_buffer("counts", torch.zeros(CODES), persistent=False)

    @classmethod
    def completed(cls, values: Mapping[str, Any], told: Told, say: Callable[[str], None]) -> Config:
        return parse(cls.Config, values)

    @property
    def needs(self) -> Needs:
        return Needs(alphabet=Symbols(Symbols.Config(num_symbols=8)))

    @property
    def facts(self) -> dict[str, Any]:
        return {"num_symbols": 8, "unit": "symbol"}

    @property
    def scorer(self) -> str:
        return "likelihood"

    def forward(self, batch: Batch, carried: State | None = None) -> Loss:
        vectors = self.teacher(batch.symbols)
        nearest = torch.cdist(vectors, self.codes.expand(len(vectors), -1, -1)).argmin(dim=-1)
        held = nn.functional.one_hot(nearest, CODES) * batch.counted[..., None]
        if self.training:
            self.sums += torch.einsum("btk,btc->kc", held.to(vectors.dtype), vectors)
            self.counts += held.sum(dim=(0, 1))
        nats = nn.functional.cross_entropy(self.head(self.codes[nearest]).mT, batch.symbols, reduction="none")
        share = held.sum(dim=(0, 1)) / batch.counted.sum().clamp(min=1)
        loss = mean_loss(torch.where(batch.counted, nats, 0.0).sum(), batch.counted, {"steps": batch.counted.sum()})
        return loss._replace(figures={**loss.figures, "perplexity": torch.special.entr(share).sum().exp()})

    def loss_text(self, loss: float) -> str:
        return f"{loss:.4f} nats/symbol"

    def after_update(self, step: int, total: Total) -> None:
        sums, counts, decay = total(self.sums), total(self.counts), self.config.decay
        self.codes.mul_(decay).add_((1 - decay) * sums / counts.clamp(min=1)[:, None])
        self.sizes.mul_(decay).add_((1 - decay) * counts)
        self.updates.fill_(step)
        self.sums.zero_()
        self.counts.zero_()


class SymbolBatches:
    """Batch `step` of process `rank` of `size`: rows of unequal lengths."""

    def __init__(self, batch_size: int, rank: int = 0, size: int = 1) -> None:
        self.batch_size, self.rank, self.size = batch_size, rank, size

    def batch(self, step: int) -> Batch:
        whole = torch.Generator().manual_seed(step)
        symbols = torch.randint(0, 8, (self.batch_size * self.size, STEPS), generator=whole)
        lengths = torch.randint(1, STEPS + 1, (self.batch_size * self.size,), generator=whole)
        own = slice(self.rank * self.batch_size, (self.rank + 1) * self.batch_size)
        return Batch(symbols[own], (torch.arange(STEPS) < lengths[:, None])[own])


def trainer(out: Path, world: World, double: bool = False, **changes: Any) -> Trainer:
    config = parse(TrainingConfig, {**runs.TRAINING, **changes})
    torch.manual_seed(config.seed)
    model = Student(Student.Config())
    batches = SymbolBatches(config.batch_size, world.rank, world.size)
    validation = [SymbolBatches(3).batch(1000 + step) for step in range(3)]
    return Trainer(model.double() if double else model, config, batches, validation, out, world, quiet=True)


train = partial(runs.train, trainer)

if __name__ == "__main__":
    runs.main(trainer)
