"""A noisy image in, a clean one out: dense regression by a labeller of images.

B batch, H rows, W columns, C channels.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor

from undertow import alphabets, networks
from undertow.alphabets import AlphabetConfig
from undertow.batch import Batch
from undertow.config import Name, config, parse
from undertow.data.needs import Needs, Predicted
from undertow.data.told import Told
from undertow.models.completing import AUTO, choose_label, refuse_source, with_alphabet
from undertow.models.loss import Loss
from undertow.models.model import Model
from undertow.networks import LabellerConfig
from undertow.state import State

CLEAN = "clean"  # the label: the image without noise


class Denoiser(Model):
    """The values of an image without its noise; the loss is the squared error of values from 0 to 1."""

    @config
    class Config:
        """The model's parts.

        Attributes:
            network: a labeller of images.
            label: name of the batch's label with the clean values.
        """

        kind: Literal["denoiser"] = "denoiser"
        alphabet: AlphabetConfig
        network: LabellerConfig
        label: Name = CLEAN

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.alphabet = alphabets.build(config.alphabet)
        channels = self.alphabet.num_elements or 1
        self.network = networks.build_labeller(config.network, channels, channels)

    @classmethod
    def completed(cls, values: Mapping[str, Any], told: Told, say: Callable[[str], None]) -> Config:
        refuse_source(values, told)
        name = CLEAN if told.labels is None else choose_label(values.get("label", AUTO), told)[0]
        return parse(cls.Config, {**with_alphabet(values, told), "label": name}, "model")

    @property
    def needs(self) -> Needs:
        return Needs(alphabet=self.alphabet, predicted=Predicted(self.config.label, None, True))

    @property
    def scorer(self) -> str:
        return "denoising"

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "num_symbols": self.alphabet.num_symbols,
            "unit": self.alphabet.unit,
            "sees": self.network.receptive_field,
        }

    def forward(self, batch: Batch, carried: State | None = None) -> Loss:
        """The mean over the pixels."""
        found = self.clean(batch.symbols)
        errors = (found - self._scaled(batch.labels[self.config.label])).square().mean(dim=-1)
        known = batch.counted.sum()
        return Loss(torch.where(batch.counted, errors, 0.0).sum() / known.clamp(min=1), known)

    def clean(self, images: Tensor) -> Tensor:
        """Values (B, H, W, C), from 0 to 1 or a little beyond, of noisy symbols (B, H, W) or (B, H, W, C)."""
        found: Tensor = self.network(self._scaled(images))
        return found

    def loss_text(self, loss: float) -> str:
        return f"PSNR {-10 * math.log10(max(loss, 1e-12)):.2f} dB"

    def _scaled(self, images: Tensor) -> Tensor:
        x = images.to(next(self.parameters()).dtype) / (self.alphabet.num_symbols - 1)
        return x[..., None] if self.alphabet.num_elements is None else x
