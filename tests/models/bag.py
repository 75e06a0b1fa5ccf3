"""A model without a network: a class told from how often each symbol occurs.

B batch, N symbols, K classes.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from undertow import alphabets
from undertow.alphabets import AlphabetConfig
from undertow.batch import Batch
from undertow.config import config, parse
from undertow.data.needs import Needs, Predicted
from undertow.data.told import Told
from undertow.models import Loss, Model
from undertow.models.completing import AUTO, choose_label, with_alphabet
from undertow.models.loss import mean_loss
from undertow.state import State


class Bag(Model):
    """log p(class | counts): a linear layer over the share of each symbol."""

    @config
    class Config:
        """An alphabet, and the label and the classes that are predicted."""

        kind: Literal["bag"] = "bag"
        alphabet: AlphabetConfig
        label: str
        classes: tuple[str, ...]

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.alphabet = alphabets.build(config.alphabet)
        self.linear = nn.Linear(self.alphabet.num_symbols, len(config.classes))

    @classmethod
    def completed(cls, values: Mapping[str, Any], told: Told, say: Callable[[str], None]) -> Config:
        name, label = choose_label(AUTO, told)
        return parse(cls.Config, {**with_alphabet(values, told), "label": name, "classes": label.classes}, "model")

    @property
    def needs(self) -> Needs:
        return Needs(alphabet=self.alphabet, predicted=Predicted(self.config.label, self.config.classes, False))

    @property
    def scorer(self) -> str:
        return "prediction"

    @property
    def facts(self) -> dict[str, Any]:
        return {"unit": self.alphabet.unit, "num_symbols": self.alphabet.num_symbols}

    def forward(self, batch: Batch, carried: State | None = None) -> Loss:
        labels = batch.labels[self.config.label]
        losses = F.nll_loss(self.log_prob(batch), labels, reduction="none")
        return mean_loss(losses.sum(), torch.ones_like(labels, dtype=torch.bool))

    def loss_text(self, loss: float) -> str:
        return f"{loss:.4f} nats/label"

    def log_prob(self, batch: Batch) -> Tensor:
        """Log-probability in nats of every class, (B, K)."""
        counts = (F.one_hot(batch.symbols, self.alphabet.num_symbols) * batch.counted[..., None]).sum(1)
        shares = counts / batch.counted.sum(1).clamp(min=1)[:, None]
        return F.log_softmax(self.linear(shares.to(self.linear.weight.dtype)), dim=-1)
