"""A sequence in, a class for every step out: tags of tokens, places of characters in words, phones of frames of sound.

B batch, T time, E parts of a token, C channels, K classes.
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
from undertow.config import Probability, Width, config, parse
from undertow.data.features import FeatureConfig
from undertow.data.needs import Needs
from undertow.data.told import Told
from undertow.errors import UsageError
from undertow.layers import Dropout, Embedding
from undertow.models.completing import AUTO, choose_label, refuse_source, section, with_alphabet
from undertow.models.frame_source import FrameSource
from undertow.models.labelling import Labelling, LabellingModel, labels_loss, with_class_weights
from undertow.models.loss import Loss
from undertow.models.model import Ability
from undertow.networks import LabellerConfig
from undertow.state import State


class Tagger(LabellingModel):
    """log p(class of a step | sequence), each step independently given the sequence, which is read from both sides."""

    @config
    class Config(Labelling):
        """The model's parts.

        Attributes:
            alphabet: of the symbols; numbers, for frames of sound.
            features: frames of sound; see `FrameSource` for how they are read.
            frames: their augmentation in training.
            embedding_channels: width of the vector of a symbol; those of a token's parts are added.
            embedding_dropout: probability with which an element of that sum is lost in training.
            network: a labeller of sequences.
        """

        kind: Literal["tagger"] = "tagger"
        alphabet: AlphabetConfig
        features: FeatureConfig | None = None
        frames: FrameSource.Config = FrameSource.Config()
        embedding_channels: Width = 128
        embedding_dropout: Probability = 0.0
        network: LabellerConfig

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.alphabet = alphabets.build(config.alphabet)
        if self.alphabet.num_symbols:
            self.frames, channels = None, config.embedding_channels
            self.embedding = Embedding(self.alphabet.num_symbols, channels)
            self.embedding_dropout = Dropout(config.embedding_dropout)
        else:
            self.frames, channels = FrameSource(config.frames), self.alphabet.num_elements or 1
        self.network = networks.build_labeller(config.network, len(config.classes), channels)
        if self.network.dims != 1:
            raise UsageError(f"network '{config.network.kind}' labels images; a tagger needs one of sequences")
        self.set_class_weights()

    @classmethod
    def completed(cls, values: Mapping[str, Any], told: Told, say: Callable[[str], None]) -> Config:
        refuse_source(values, told)
        name, label = choose_label(values.get("label", AUTO), told)
        usual: dict[str, Any] = {} if label.classes is None else {"classes": label.classes}
        given = {**usual, **with_class_weights(values, label), "label": name}
        return parse(cls.Config, _with_frames(given) if told.real == "sound" else with_alphabet(given, told), "model")

    @property
    def needs(self) -> Needs:
        classes = len(self.config.classes)
        return Needs(
            alphabet=self.alphabet,
            max_length=self.network.max_length,
            predicted=self.config.predicted,
            features=self.config.features,
            num_params=classes,
        )

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset(["tag"])

    @property
    def scorer(self) -> str:
        return "tags"

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "num_symbols": self.alphabet.num_symbols,
            "unit": "frame" if self.config.features is not None else self.alphabet.unit,
            "num_classes": len(self.config.classes),
            "sees": self.network.receptive_field,
        }

    def forward(self, batch: Batch, carried: State | None = None) -> Loss:
        """The mean over the steps that have a label."""
        return labels_loss(self.outputs(batch), batch.labels[self.config.label], batch.counted, self.class_weights)

    def outputs(self, batch: Batch) -> Tensor:
        """Logits (B, T, K), in float32 at least; 0 at padding."""
        lengths = batch.counted.sum(dim=1)
        outputs = self.network(self._vectors(batch.symbols, lengths), lengths)
        return outputs.to(torch.promote_types(outputs.dtype, torch.float32))

    def log_prob(self, batch: Batch) -> Tensor:
        """Log-probability in nats of every class at every step, (B, T, K)."""
        return F.log_softmax(self.outputs(batch), dim=-1)

    def loss_text(self, loss: float) -> str:
        return f"{loss:.4f} nats/label, {math.exp(-loss):.1%} average probability"

    def _vectors(self, symbols: Tensor, lengths: Tensor) -> Tensor:
        """A vector (B, T, C) for each step."""
        if self.frames is not None:
            frames = self.alphabet.to_scalar(symbols).to(next(self.parameters()).dtype)
            return self.frames(frames, lengths)
        vectors = self.embedding(symbols)
        if self.alphabet.num_elements is not None:
            vectors = vectors.sum(dim=2) / math.sqrt(self.alphabet.num_elements)
        return self.embedding_dropout(vectors)


def _with_frames(values: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe's model of sound, whose steps are the frames of its features."""
    if not section(values, "features"):
        raise UsageError(
            "model.features is missing: a model that labels frames of sound needs it, such as {kind: mfcc, …}"
        )
    features = parse(_Features, {"features": values["features"]}, "model").features
    return {**values, "alphabet": {"kind": "numbers", "num_elements": features.num_channels}}


@config
class _Features:
    features: FeatureConfig
