"""Masked reconstruction: parts of a sequence are hidden, and predicted from what is around them.

Of sound, spans of an encoder's latents are replaced by a learned vector, and a context that sees both sides predicts
the frames there. Of symbols, 15 % are predicted as in BERT (Devlin et al., arXiv 1810.04805): most of these are hidden,
some replaced, and the others left.

    z = encoder(x), z_hidden = learned;  c = context(z);  output = W norm(gelu(c))

B batch, T steps, L latents, C channels.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from undertow import alphabets, networks
from undertow.alphabets import Alphabet, AlphabetConfig
from undertow.batch import Batch
from undertow.config import Rate, Width, config, parse
from undertow.data.features import FeatureConfig
from undertow.data.needs import Needs
from undertow.data.told import Told
from undertow.errors import UsageError
from undertow.models.completing import check_rate, refuse_source, with_alphabet
from undertow.models.loss import Loss
from undertow.models.masked_content import Content, FrameContent, SymbolContent
from undertow.models.masking import Picks, Spans
from undertow.models.representing import Point, Reach, Represents
from undertow.models.sound_frames import of_sound
from undertow.networks import FrameEncoderConfig, LabellerConfig
from undertow.networks.encoder_decoder import within
from undertow.state import State

FIXED_SEED = 0  # of what is hidden outside training, so that losses can be compared


class Masked(Represents):
    """Predicts what is hidden."""

    @config
    class Config:
        """The model's parts.

        Attributes:
            features: of sound, the frames that are predicted; None for symbols.
            reads: of sound, what the encoder reads: these "features", or the "wave".
            encoder: of sound, gives one latent for `stride` frames or samples.
            embedding_channels: of symbols, width of a symbol's vector.
            context: a labeller of sequences, which sees both sides.
            context_channels: width of its outputs.
            spans: of sound, the latents to hide.
            picks: of symbols, which of them to predict.
        """

        kind: Literal["masked"] = "masked"
        alphabet: AlphabetConfig
        sample_rate: Rate | None = None
        features: FeatureConfig | None = None
        reads: Literal["features", "wave"] = "features"
        encoder: FrameEncoderConfig | None = None
        embedding_channels: Width = 256
        context: LabellerConfig
        context_channels: Width = 256
        spans: Spans = Spans()
        picks: Picks = Picks()

        def __post_init__(self) -> None:
            if (self.features is None) != (self.encoder is None):
                raise UsageError("features and encoder are both for sound, and it needs both")
            check_rate(self.features, self.sample_rate)

    best_point = "p_context"
    has_bits = False

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.alphabet = alphabets.build(config.alphabet)
        self.content = _content(config, self.alphabet)
        self.context = networks.build_labeller(config.context, config.context_channels, self.content.channels)
        if self.context.dims != 1:
            raise UsageError(f"context '{config.context.kind}' labels images; this model needs one of sequences")
        self.norm = nn.LayerNorm(config.context_channels)
        self.head = nn.Linear(config.context_channels, self.content.num_outputs)

    @classmethod
    def completed(cls, values: Mapping[str, Any], told: Told, say: Callable[[str], None]) -> Config:
        if told.real == "sound":
            return parse(cls.Config, of_sound(values, told), "model")
        refuse_source(values, told)
        return parse(cls.Config, with_alphabet(values, told), "model")

    @property
    def needs(self) -> Needs:
        longest = self.context.max_length
        return Needs(
            alphabet=self.alphabet,
            sample_rate=self.config.sample_rate,
            period=self.content.hop,
            max_length=None if longest is None else longest * self.content.hop,
            features=self.config.features,
            num_params=-(-self.content.num_outputs // self.content.hop),
        )

    @property
    def facts(self) -> dict[str, Any]:
        reach = self.reach
        both = None if reach.before is None or reach.after is None else 1 + reach.before + reach.after
        return {
            "sample_rate": self.config.sample_rate,
            "num_symbols": self.alphabet.num_symbols,
            "unit": self.alphabet.unit,
            "sees": both,
        }

    @property
    def scorer(self) -> str:
        return "masked"

    @property
    def hides(self) -> str:
        """What is hidden: "frame" or "symbol"."""
        return "symbol" if self.config.features is None else "frame"

    @property
    def reach(self) -> Reach:
        seen, (before, after) = self.context.receptive_field, self.content.reach
        if seen is None:
            return Reach(None, None)
        beside = seen // 2 * self.content.hop
        return Reach(beside + before, beside + after)

    @property
    def points(self) -> Mapping[str, Point]:
        hop = self.content.hop
        return {
            "p_enc": Point(hop, self.content.channels),
            "p_context": Point(hop, self.config.context_channels),
        }

    def begin(self, batch: Batch) -> None:
        self.content.begin(batch)

    def forward(self, batch: Batch, carried: State | None = None) -> Loss:
        """The mean over what is hidden, or picked; outside training the same is hidden at every call."""
        generator = None if self.training else torch.Generator(batch.symbols.device).manual_seed(FIXED_SEED)
        vectors, lengths, chosen = self.content.hide(batch, generator)
        outputs = self.head(self.norm(F.gelu(self.context(vectors, lengths))))
        return self.content.loss(outputs, batch, chosen)

    def represent(self, batch: Batch, at: str) -> Tensor:
        self.point(at)
        vectors, lengths = self.content.vectors(batch)
        found = vectors if at == "p_enc" else self.context(vectors, lengths)
        return torch.where(within(lengths, found.shape[1])[..., None], found, 0.0)

    def loss_text(self, loss: float) -> str:
        if self.config.features is not None:
            return f"error {loss:.4f} of a standard deviation"
        return f"{loss / math.log(2):.4f} bits/{self.content.unit}"


def _content(config: Masked.Config, alphabet: Alphabet) -> Content:
    if config.features is not None:
        made = FrameContent(config.features, config.reads == "wave", alphabet, config.encoder, config.spans)
        if made.hop % made.target.hop:
            raise UsageError(
                f"a latent of {made.hop} samples does not cover whole frames of {made.target.hop}; change the "
                "encoder's strides or features.hop_length"
            )
        return made
    if alphabet.num_elements is not None or not alphabet.num_symbols:
        raise UsageError(f"alphabet '{config.alphabet.kind}' has no single symbol a step; a masked model needs one")
    return SymbolContent(alphabet, config.embedding_channels, config.picks)
