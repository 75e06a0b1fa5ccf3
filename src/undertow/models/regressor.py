"""A sequence in, a number out, as in the adding problem (Bai et al., arXiv 1803.01271, §4.1).

B batch, T time.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor

from undertow import alphabets, networks
from undertow.alphabets import AlphabetConfig
from undertow.batch import Batch
from undertow.config import Name, Rate, config, parse
from undertow.data.needs import Needs
from undertow.data.told import Told
from undertow.models.completing import AUTO, choose_label, refuse_source, with_alphabet, with_rate
from undertow.models.loss import Loss
from undertow.models.model import Ability, Model, past_facts, past_file_facts
from undertow.models.reading import predicting_needs, read_network
from undertow.models.transfer import names_of
from undertow.networks import NetworkConfig
from undertow.state import State


class Regressor(Model):
    """A network with one output, read after the last symbol or as a mean; its loss is the squared error."""

    @config
    class Config:
        """The model's parts.

        Attributes:
            label: name of the batch's label to predict, a number.
            reading: "last", the output after the last symbol; "mean", the mean of the outputs at every step.
            sample_rate: steps per second, in Hz; None if steps are not timed.
        """

        kind: Literal["regressor"] = "regressor"
        alphabet: AlphabetConfig
        network: NetworkConfig
        label: Name
        reading: Literal["last", "mean"] = "last"
        sample_rate: Rate | None = None

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.alphabet = alphabets.build(config.alphabet)
        values = self.alphabet.num_elements or 1
        self.network = networks.build(config.network, self.alphabet.num_symbols, 1, 0, values)

    @classmethod
    def completed(cls, values: Mapping[str, Any], told: Told, say: Callable[[str], None]) -> Config:
        refuse_source(values, told)
        name, _ = choose_label(values.get("label", AUTO), told)
        return parse(cls.Config, {**with_rate(with_alphabet(values, told), told), "label": name}, "model")

    @property
    def needs(self) -> Needs:
        return predicting_needs(self, None)

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
        return past_file_facts(self.alphabet, self.network, self.config.sample_rate)

    def forward(self, batch: Batch, carried: State | None = None) -> Loss:
        """The mean over the rows."""
        predicted = self.predict(batch)
        errors = predicted - batch.labels[self.config.label].to(predicted.dtype)
        num_terms = torch.tensor(len(errors), device=errors.device)
        return Loss(errors.square().mean(), num_terms, {"absolute_error": errors.detach().abs().mean()})

    def fresh_weights(self, source: Model) -> frozenset[str]:
        """The output layer's, unless the other model predicts the same label."""
        same = source.config.kind == self.config.kind and source.config.label == self.config.label
        return frozenset() if same else names_of(self, self.network.output)

    def loss_text(self, loss: float) -> str:
        return f"mean squared error {loss:.4g}"

    def predict(self, batch: Batch) -> Tensor:
        """The predicted number of each row, (B,)."""
        return read_network(self.network, self.alphabet, batch, self.config.reading)[:, 0]
