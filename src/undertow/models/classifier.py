"""A sequence in, a class out: any network with one output for each class, read at one step or at every step.

So the last layer of a pre-trained language model is replaced to fine-tune it (GPT: Radford et al. 2018, §3.2), and so
the TCN's sequence tasks are solved (Bai et al., arXiv 1803.01271, §4).

B batch, T time, K classes.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from undertow import alphabets, networks
from undertow.alphabets import AlphabetConfig
from undertow.batch import Batch
from undertow.config import Name, Rate, config, parse
from undertow.data.needs import Needs
from undertow.data.told import Told
from undertow.errors import UsageError, counted
from undertow.models.completing import AUTO, choose_label, refuse_source, with_alphabet, with_rate
from undertow.models.loss import Loss, mean_loss
from undertow.models.model import Ability, Model, past_facts, past_file_facts
from undertow.models.reading import Reading, predicting_needs, read_network
from undertow.models.transfer import names_of
from undertow.networks import NetworkConfig
from undertow.state import State


class Classifier(Model):
    """log p(class | x_1 … x_T): the network reads the start symbol and the whole sequence, causally."""

    @config
    class Config:
        """The model's parts.

        Attributes:
            label: name of the batch's label to predict.
            classes: its classes, in the order of their indices.
            reading: "last", the output after the last symbol; "mean", the mean of the outputs at every step; "every",
                a class for every step, if the label has one for each.
            sample_rate: steps per second, in Hz; None if steps are not timed.
        """

        kind: Literal["classifier"] = "classifier"
        alphabet: AlphabetConfig
        network: NetworkConfig
        label: Name
        classes: tuple[str, ...]
        reading: Reading = "last"
        sample_rate: Rate | None = None

        def __post_init__(self) -> None:
            if len(self.classes) < 2:
                raise UsageError(
                    f"label '{self.label}' has {counted(len(self.classes), 'class')}; a classifier needs 2 or more"
                )

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.alphabet = alphabets.build(config.alphabet)
        values = self.alphabet.num_elements or 1
        self.network = networks.build(config.network, self.alphabet.num_symbols, len(config.classes), 0, values)

    @classmethod
    def completed(cls, values: Mapping[str, Any], told: Told, say: Callable[[str], None]) -> Config:
        refuse_source(values, told)
        name, label = choose_label(values.get("label", AUTO), told)
        usual: dict[str, Any] = {"classes": label.classes} if label.classes is not None else {}
        if label.of_steps:
            usual["reading"] = "every"
        return parse(cls.Config, {**usual, **with_rate(with_alphabet(values, told), told), "label": name}, "model")

    @property
    def needs(self) -> Needs:
        return predicting_needs(self, self.config.classes)

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset(["predict"])

    @property
    def scorer(self) -> str:
        return "prediction"

    @property
    def facts(self) -> dict[str, Any]:
        return past_facts(self.alphabet, self.network.receptive_field, self.config.sample_rate)

    @property
    def file_facts(self) -> dict[str, Any]:
        known = past_file_facts(self.alphabet, self.network, self.config.sample_rate)
        return {**known, "classes": list(self.config.classes)}

    def forward(self, batch: Batch, carried: State | None = None) -> Loss:
        """The mean over the labels that count: one for each row that has one, or one for each counted step."""
        labels, told, log_prob = batch.labels[self.config.label].clamp(min=0), self._told(batch), self.log_prob(batch)
        nats = -log_prob.gather(-1, labels[..., None])[..., 0]
        right = (log_prob.argmax(dim=-1) == labels) & told
        return mean_loss(torch.where(told, nats, 0.0).sum(), told, {"accuracy": right.sum()})

    def fresh_weights(self, source: Model) -> frozenset[str]:
        """The output layer's, unless the other model predicts the same classes."""
        same = source.config.kind == self.config.kind and source.config.label == self.config.label
        return frozenset() if same else names_of(self, self.network.output)

    def loss_text(self, loss: float) -> str:
        return f"{loss:.4f} nats/label, {math.exp(-loss):.1%} average probability"

    def log_prob(self, batch: Batch) -> Tensor:
        """Log-probability in nats of every class, (B, K), or (B, T, K) with reading "every"."""
        outputs = read_network(self.network, self.alphabet, batch, self.config.reading)
        return F.log_softmax(outputs, dim=-1)

    def predict(self, batch: Batch) -> Tensor:
        """Index of the most probable class, (B,), or (B, T) with reading "every"."""
        return self.log_prob(batch).argmax(dim=-1)

    def _told(self, batch: Batch) -> Tensor:
        labels = batch.labels[self.config.label]
        return (labels >= 0) & batch.counted if self.config.reading == "every" else labels >= 0
