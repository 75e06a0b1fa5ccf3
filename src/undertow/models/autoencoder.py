"""An encoder, a bottleneck and an autoregressive decoder: p(x | z, c), z = bottleneck(encoder(x)), labels c.

The decoder hears the sound up to each step, and what the latents say of it; the encoder hears both sides. WaveNet
autoencoders of notes (Engel et al., arXiv 1704.01279) and of speech (Chorowski et al., arXiv 1901.08810).

B batch, T samples, F frames of features, L latents, H samples a latent, C channels.
"""

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from undertow import alphabets, bottlenecks, networks
from undertow.alphabets import AlphabetConfig
from undertow.batch import Batch
from undertow.bottlenecks import BottleneckConfig, Coded, jitter, peaks
from undertow.config import Number, Probability, Rate, Width, config, parse
from undertow.data.features import FeatureConfig, FramesConfig
from undertow.data.needs import Needs
from undertow.data.told import Told
from undertow.emissions import EmissionConfig
from undertow.errors import DataError, UsageError
from undertow.models import collapse
from undertow.models.autoregressive import Autoregressive, ShortReceptiveFieldWarning
from undertow.models.completing import check_rate, choose_classes, section
from undertow.models.conditioner import Conditioner
from undertow.models.examined import Examined
from undertow.models.importance import importance_bound
from undertow.models.loss import Loss, mean_loss
from undertow.models.model import Ability, Total
from undertow.models.representing import Point, Reach, Represents
from undertow.models.sound_frames import SoundFrames, counted_latents, of_sound, row_lengths
from undertow.networks import FrameEncoderConfig, NetworkConfig
from undertow.state import State

KERNEL_SIZE = 3  # latents that a sample sees, unless a recipe says another number
EXCHANGED = 4  # sequences of a held-out batch, at least, so that latents of another recording are among them


class Autoencoder(Represents):
    """−log p(x | latents of x, labels), and what the bottleneck adds, per sample.

    Latent i belongs to the samples i·H … (i + 1)·H − 1. The decoder is an `Autoregressive` of its own, conditioned on
    frames: it generates, streams and is exported like any other.

    Attributes:
        hop: H.
        decoder: the distribution of sound given latents.
    """

    best_point = "p_bn"

    @config
    class Config:
        """The model's parts.

        Attributes:
            features: frames that the encoder reads; None: the samples themselves.
            encoder: a frame encoder.
            latent_channels: to which the encoder's vectors are projected before the bottleneck.
            bottleneck: what a latent may say.
            jitter: probability that training replaces a latent by the one before or after it.
            kept_share: share of latents that stay, the strongest; the others become zero. 1 keeps all.
            network, emission, conditioner: of the decoder. The conditioner's labels and upsampling are used; its
                features are the latents.
        """

        kind: Literal["autoencoder"] = "autoencoder"
        alphabet: AlphabetConfig
        features: FeatureConfig | None = None
        encoder: FrameEncoderConfig
        latent_channels: Width = 64
        bottleneck: BottleneckConfig
        jitter: Probability = 0.0
        kept_share: Annotated[float, Field(gt=0, le=1), Number] = 1.0
        network: NetworkConfig
        emission: EmissionConfig
        conditioner: Conditioner.Config = Conditioner.Config()
        sample_rate: Rate

        def __post_init__(self) -> None:
            if self.conditioner.features is not None:
                raise UsageError("conditioner.features is given, but this decoder is conditioned on latents; remove it")
            check_rate(self.features, self.sample_rate)
            if self.kept_share < 1 and self.bottleneck.kind == "vae":
                raise UsageError(
                    f"model.kept_share is {self.kept_share:g}, but the loss of a bottleneck of kind vae bounds the "
                    "likelihood only if every latent is sent; leave kept_share at 1, or use a bottleneck of kind vq"
                )
            upsampling = self.conditioner.upsampling
            if upsampling.kernel_size <= upsampling.look_ahead:
                raise UsageError(
                    f"conditioner.upsampling.kernel_size is {upsampling.kernel_size}, so no sample would see its own "
                    f"latent, only later ones; it must be more than look_ahead, {upsampling.look_ahead}"
                )

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.frames = SoundFrames(config.features, alphabets.build(config.alphabet))
        self.encoder = networks.build_frame_encoder(config.encoder, self.frames.channels)
        self.projection = nn.Linear(self.encoder.out_channels, config.latent_channels)
        self.bottleneck = bottlenecks.build(config.bottleneck, config.latent_channels)
        self.hop = self.frames.hop * self.encoder.stride
        with warnings.catch_warnings():  # the latents say what a short receptive field does not see
            warnings.simplefilter("ignore", ShortReceptiveFieldWarning)
            self.decoder = Autoregressive(self._decoder_config())
        self.alphabet = self.decoder.alphabet

    def _decoder_config(self) -> Autoregressive.Config:
        config = self.config
        strides = config.conditioner.upsampling.strides
        if strides and math.prod(strides) != self.hop:
            raise UsageError(
                f"conditioner.upsampling.strides {strides} multiply to {math.prod(strides)}, which is not the "
                f"{self.hop} samples of a latent; leave them out for their prime factors"
            )
        frames = FramesConfig(
            sample_rate=config.sample_rate, hop_length=self.hop, num_channels=self.bottleneck.out_channels
        )
        return Autoregressive.Config(
            alphabet=config.alphabet,
            network=config.network,
            emission=config.emission,
            conditioner=replace(config.conditioner, features=frames),
            sample_rate=config.sample_rate,
        )

    @classmethod
    def completed(cls, values: Mapping[str, Any], told: Told, say: Callable[[str], None]) -> Config:
        made = of_sound(values, told)
        conditioner = section(values, "conditioner")
        if not isinstance(conditioner.get("labels"), Mapping):
            conditioner["labels"] = _useful(choose_classes(conditioner.get("labels", []), told, say))
        if told.sample_rate is None:
            raise UsageError("an autoencoder of sound needs a sample rate: set data.sample_rate")
        conditioner["upsampling"] = {"kernel_size": KERNEL_SIZE, **section(conditioner, "upsampling")}
        return parse(cls.Config, {**made, "conditioner": conditioner}, "model")

    @property
    def needs(self) -> Needs:
        decoder = self.decoder.needs
        sees = decoder.context_steps
        codes = max(self.bottleneck.num_codes, default=0)
        reason = f"{codes:,} codes of {self.hop} samples each (bottleneck.codebook.num_codes) need"
        return replace(
            decoder,
            least_rows=EXCHANGED,
            least_steps=(codes * self.hop, reason) if codes else None,
            features=self.config.features,
            look_ahead=0,
            period=math.lcm(decoder.period, self.hop),
            context_steps=None if sees is None or self.reach.before is None else sees + self.reach.before,
        )

    @property
    def scorer(self) -> str:
        return "reconstruction"

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset(["represent", "reconstruct"])

    @property
    def facts(self) -> dict[str, Any]:
        bits = sum(math.log2(number) for number in self._num_codes)  # of what is sent for a latent, also for nothing
        latents = self.config.sample_rate / self.hop
        return {
            **self.decoder.facts,
            "latents_per_second": latents,
            "latent_channels": self.bottleneck.out_channels,
            "bits_per_second": latents * bits if bits else None,
        }

    @property
    def points(self) -> Mapping[str, Point]:
        """The encoder's output, its projection, what leaves the bottleneck, and the condition before upsampling."""
        bottleneck = self.bottleneck
        return {
            "p_enc": Point(self.hop, self.encoder.out_channels),
            "p_proj": Point(self.hop, self.config.latent_channels),
            "p_bn": Point(self.hop, bottleneck.out_channels, self._num_codes),
            "p_cond": Point(self.hop, self.config.conditioner.upsampling.channels),
        }

    @property
    def reach(self) -> Reach:
        if self.config.kept_share < 1:  # which latents stay depends on all of them
            return Reach(None, None)
        before, after = (frames * self.frames.hop for frames in self.encoder.receptive_field)
        upsampling = self.config.conditioner.upsampling
        behind = max(0, upsampling.kernel_size - 1 - upsampling.look_ahead)
        return Reach(before + behind * self.hop, after + upsampling.look_ahead * self.hop)

    def forward(self, batch: Batch, carried: State | None = None) -> Loss:
        """The mean over the counted samples; `figures` has the decoder's part of it, in bits a sample."""
        if batch.continues is not None:
            raise UsageError("data.carry_state is for models that read their past alone; an encoder sees both sides")
        coded, latents = self.coded(batch)
        nats = -self.log_prob(batch, latents).sum()
        figures = {"reconstruction_bits": nats.detach() / math.log(2), **self._figures(coded)}
        return mean_loss(nats + coded.penalty, batch.counted, figures)

    def _figures(self, coded: Coded) -> dict[str, Tensor]:
        """Figures of the bottleneck, a latent."""
        return {name: figure * self.hop for name, figure in coded.figures.items()}

    def coded(self, batch: Batch) -> tuple[Coded, Tensor]:
        """What came through the bottleneck, and the latents for the decoder; with noise and jitter in training."""
        present, counted = self.present(batch), self.counted(batch)
        z = self.projection(self.encode(batch))
        stays = self._stays(z, present)
        coded = self.bottleneck(z, counted if stays is None else counted & stays)
        latents = _only(coded.latents, stays)
        if self.training and self.config.jitter:
            latents = jitter(latents, present, self.config.jitter)
        return coded, latents

    def examine(self, batch: Batch) -> dict[str, Tensor]:
        return collapse.examine(self, batch)

    def examined(self, sums: Mapping[str, Tensor]) -> Examined:
        return collapse.judge(sums, self.config.sample_rate / self.hop, collapse.unset(self))

    def bound(self, batch: Batch, num_draws: int) -> Tensor | None:
        """The importance-weighted bound (B,) of a VAE, in nats; None of others, which draw nothing."""
        return importance_bound(self, batch, num_draws) if self.bottleneck.draws else None

    def log_prob(self, batch: Batch, latents: Tensor) -> Tensor:
        """Log-probability of each sample in nats, given latents (B, L, D); 0 at samples that do not count."""
        return self.decoder.log_prob(replace(batch, features=_held(latents, self.present(batch))))

    def encode(self, batch: Batch) -> Tensor:
        """The encoder's vectors (B, L, C), 0 behind a row's end."""
        vectors: Tensor = self.encoder(*self.frames(batch))
        return vectors

    def represent(self, batch: Batch, at: str) -> Tensor:
        self.point(at)
        present = self.present(batch)
        z = self.encode(batch)
        if at != "p_enc":
            z = self.projection(z)
        if at in ("p_bn", "p_cond"):
            z = _only(self.bottleneck.represent(z), self._stays(z, present))
        if at == "p_cond":
            z = self.decoder.conditioner.convolved(_held(z, present))
        return torch.where(present[..., None], z, 0.0)

    def codes(self, batch: Batch) -> Tensor:
        """The codes (B, L, G); a latent that is left out has the number of the bottleneck's codes in every group."""
        z, present = self.projection(self.encode(batch)), self.present(batch)
        codes = self.bottleneck.encode(z)
        if (stays := self._stays(z, present)) is not None:
            nothing = torch.tensor(self.bottleneck.num_codes, device=codes.device)
            codes = torch.where(stays[..., None], codes, nothing)
        return torch.where(present[..., None], codes, 0)

    def decode(self, codes: Tensor) -> Tensor:
        """Frames (B, L, D) for the decoder from codes (B, L, G); see `Bottleneck.decode`."""
        if self.config.kept_share == 1:
            return self.bottleneck.decode(codes)
        is_there = (codes < torch.tensor(self.bottleneck.num_codes, device=codes.device)).all(dim=-1, keepdim=True)
        return torch.where(is_there, self.bottleneck.decode(torch.where(is_there, codes, 0)), 0.0)

    @property
    def _num_codes(self) -> tuple[int, ...]:
        """For each code of a latent how many values it has; one more, where a latent may be left out."""
        return tuple(number + (self.config.kept_share < 1) for number in self.bottleneck.num_codes)

    def present(self, batch: Batch) -> Tensor:
        """(B, L) bool: the latents of each row, context included."""
        number = -(-batch.symbols.shape[1] // self.hop)
        first = torch.arange(number, device=batch.counted.device) * self.hop
        return first < row_lengths(batch.counted)[:, None]

    def counted(self, batch: Batch) -> Tensor:
        """(B, L) bool: the latents with a sample that counts."""
        return counted_latents(batch.counted, self.hop)

    def begin(self, batch: Batch) -> None:
        self.frames.begin(batch)
        with torch.no_grad():
            _, latents = self.coded(batch)
        self.decoder.begin(replace(batch, features=_held(latents, self.present(batch))))

    def after_update(self, step: int, total: Total) -> None:
        self.bottleneck.after_update(step, total)

    def loss_text(self, loss: float) -> str:
        return self.decoder.loss_text(loss)

    def _stays(self, z: Tensor, present: Tensor) -> Tensor | None:
        """Which latents stay, (B, L) bool; None if all do."""
        return None if self.config.kept_share == 1 else peaks(z, present, self.config.kept_share)


def _only(latents: Tensor, stays: Tensor | None) -> Tensor:
    """The latents (B, L, D), those that do not stay 0."""
    return latents if stays is None else torch.where(stays[..., None], latents, 0.0)


def _held(latents: Tensor, present: Tensor) -> Tensor:
    """The latents (B, L, D), a row's last one repeated behind its end, for the decoder's look-ahead."""
    last = (present.sum(dim=1, keepdim=True) - 1).clamp(min=0)
    places = torch.minimum(torch.arange(present.shape[1], device=present.device), last)
    return latents.gather(1, places[..., None].expand_as(latents))


def _useful(labels: dict[str, Any]) -> dict[str, Any]:
    """Labels of two classes or more.

    Raises:
        DataError: one has a single class.
    """
    for name, classes in labels.items():
        if len(classes) < 2:
            raise DataError(
                f"the data has one {name}, {', '.join(classes)}, and a decoder with a label for it needs two or "
                "more; set model.conditioner.labels=[]"
            )
    return labels
