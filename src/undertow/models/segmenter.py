"""An image in, a class for every pixel out: a labeller of images, such as a front end with a context module.

B batch, H rows, W columns, C channels, K classes.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, Literal

from torch import Tensor

from undertow import alphabets, networks
from undertow.alphabets import AlphabetConfig
from undertow.batch import Batch
from undertow.config import config, parse
from undertow.data.needs import Needs
from undertow.data.told import Told
from undertow.errors import UsageError
from undertow.models.completing import AUTO, choose_label, refuse_source, with_alphabet
from undertow.models.labelling import Labelling, LabellingModel, labels_loss, with_class_weights
from undertow.models.loss import Loss
from undertow.models.model import Ability
from undertow.networks import LabellerConfig
from undertow.state import State


class Segmenter(LabellingModel):
    """log p(class of a pixel | image), each pixel independently given the image."""

    @config
    class Config(Labelling):
        """The model's parts.

        Attributes:
            network: a labeller of images.
        """

        kind: Literal["segmenter"] = "segmenter"
        alphabet: AlphabetConfig
        network: LabellerConfig

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.alphabet = alphabets.build(config.alphabet)
        channels = self.alphabet.num_elements or 1
        self.network = networks.build_labeller(config.network, len(config.classes), channels)
        if self.network.dims != 2:
            raise UsageError(f"network '{config.network.kind}' labels sequences; a segmenter needs one of images")
        self.set_class_weights()

    @classmethod
    def completed(cls, values: Mapping[str, Any], told: Told, say: Callable[[str], None]) -> Config:
        refuse_source(values, told)
        name, label = choose_label(values.get("label", AUTO), told)
        usual: dict[str, Any] = {} if label.classes is None else {"classes": label.classes}
        given = {**usual, **with_alphabet(with_class_weights(values, label), told), "label": name}
        return parse(cls.Config, given, "model")

    @property
    def needs(self) -> Needs:
        return Needs(alphabet=self.alphabet, predicted=self.config.predicted, num_params=len(self.config.classes))

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset(["segment"])

    @property
    def scorer(self) -> str:
        return "segmentation"

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "num_symbols": self.alphabet.num_symbols,
            "unit": self.alphabet.unit,
            "num_classes": len(self.config.classes),
            "sees": self.network.receptive_field,
        }

    def forward(self, batch: Batch, carried: State | None = None) -> Loss:
        """The mean over the pixels that have a class."""
        outputs = self.outputs(batch.symbols)
        return labels_loss(outputs, batch.labels[self.config.label], batch.counted, self.class_weights)

    def outputs(self, images: Tensor) -> Tensor:
        """Logits (B, H, W, K) of symbols (B, H, W) or (B, H, W, C)."""
        x = self.alphabet.to_scalar(images).to(next(self.parameters()).dtype)
        return self.network(x[..., None] if self.alphabet.num_elements is None else x)

    def loss_text(self, loss: float) -> str:
        return f"{loss:.4f} nats/pixel, {math.exp(-loss):.1%} average probability"
