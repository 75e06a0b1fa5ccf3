"""Contrastive predictive coding: latents of sound from which the latents that follow can be told (arXiv 1807.03748).

    z = encoder(x),  c_t = context(z_1 … z_t),  f_k(z_(t+k), c_t) = z_(t+k)ᵀ (W_k c_t + b_k)      k = 1 … K

The paper: strided convolutions on the wave, a GRU of 256 units, 12 steps of 10 ms. wav2vec (arXiv 1904.05862): causal
convolutions for the context (network `causal_convs`) and a binary loss. The output layer of the context's network holds
all W_k and b_k.

B batch, T samples, L latents, K future steps, C channels of a latent, H channels of the context.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from undertow import alphabets, networks
from undertow.alphabets import AlphabetConfig
from undertow.batch import Batch, Condition
from undertow.config import Count, Rate, config, parse
from undertow.data.batches import recording_of
from undertow.data.features import FeatureConfig
from undertow.data.needs import Needs
from undertow.data.told import Told
from undertow.errors import DataError, UsageError, counted
from undertow.models.completing import check_rate, section
from undertow.models.contrast import Contrast, Negatives, Objective, chance, contrast, draw_negatives
from undertow.models.loss import Loss, mean_loss
from undertow.models.representing import Point, Reach, Represents
from undertow.models.sound_frames import SoundFrames, counted_latents, of_sound
from undertow.networks import FrameEncoderConfig, NetworkConfig
from undertow.networks.encoder_decoder import within
from undertow.networks.frame_encoder import shorter
from undertow.state import State

FIXED_SEED = 0  # of the negatives outside training, so that losses can be compared
GRU = {"kind": "rnn", "cell": "gru", "num_layers": 1, "channels": 256}
AHEAD = Annotated[Count, Field(le=1024)]


class Contrastive(Represents):
    """Predicts which latent comes k steps later, among negatives."""

    @config
    class Config:
        """The model's parts.

        Attributes:
            features: what the encoder reads; None: the wave itself.
            encoder: gives one latent for `stride` frames of features, or samples.
            context: a causal network over the latents, with `input: scalar`.
            num_ahead: K, how many future latents are predicted.
            objective: "info_nce", or "wav2vec", the binary loss.
            negatives: where negatives are from: "within" the same sound, so that the voice does not tell them apart;
                "others", the other recordings of the batch; or the whole "batch".
            num_negatives: of each prediction, drawn anew in each update.
        """

        kind: Literal["cpc"] = "cpc"
        alphabet: AlphabetConfig
        sample_rate: Rate | None = None
        features: FeatureConfig | None = None
        encoder: FrameEncoderConfig
        context: NetworkConfig
        num_ahead: AHEAD = 12
        objective: Objective = "info_nce"
        negatives: Negatives = "within"
        num_negatives: Annotated[Count, Field(le=65_536)] = 10

        def __post_init__(self) -> None:
            check_rate(self.features, self.sample_rate)

    best_point = "p_context"
    has_bits = False

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.alphabet = alphabets.build(config.alphabet)
        self.frames = SoundFrames(config.features, self.alphabet)
        self.encoder = networks.build_frame_encoder(config.encoder, self.frames.channels)
        width = self.encoder.out_channels
        self.context = networks.build(config.context, 0, config.num_ahead * width, 0, width)
        self.hop = self.frames.hop * self.encoder.stride
        self.context.eval()  # no draws
        with torch.no_grad():
            self._hidden = self._read(torch.zeros(1, 1, width)).shape[2]
        self.context.train()

    @classmethod
    def completed(cls, values: Mapping[str, Any], told: Told, say: Callable[[str], None]) -> Config:
        given = of_sound(values, told)
        context = section(given, "context")
        usual = GRU if context.get("kind", "rnn") == "rnn" else {}
        return parse(cls.Config, {**given, "context": {"input": "scalar", **usual, **context}}, "model")

    @property
    def needs(self) -> Needs:
        longest = self.context.max_length
        return Needs(
            alphabet=self.alphabet,
            sample_rate=self.config.sample_rate,
            period=self.hop,
            least_rows=1 if self.config.negatives == "within" else 2,
            max_length=None if longest is None else longest * self.hop,
            features=self.config.features,
            num_params=-(-self.config.num_ahead * self.encoder.out_channels // self.hop),
        )

    @property
    def facts(self) -> dict[str, Any]:
        seen, rate = self.context.receptive_field, self.config.sample_rate
        before, after = self.encoder.receptive_field
        own = (before + after + self.encoder.stride) * self.frames.hop
        field = None if seen is None else (seen - 1) * self.hop + own
        return {
            "sample_rate": rate,
            "num_symbols": self.alphabet.num_symbols,
            "unit": self.alphabet.unit,
            "receptive_field": field,
            "receptive_field_ms": None if field is None or rate is None else 1000 * field / rate,
        }

    @property
    def scorer(self) -> str:
        return "contrast"

    @property
    def chance(self) -> float:
        """Nats of a prediction by guessing."""
        return chance(self.config.objective, self.config.num_negatives)

    @property
    def reach(self) -> Reach:
        seen = self.context.receptive_field
        before, after = (frames * self.frames.hop for frames in self.encoder.receptive_field)
        return Reach(None if seen is None else (seen - 1) * self.hop + before, after)

    @property
    def points(self) -> Mapping[str, Point]:
        return {"p_enc": Point(self.hop, self.encoder.out_channels), "p_context": Point(self.hop, self._hidden)}

    def begin(self, batch: Batch) -> None:
        self.frames.begin(batch)
        self.context.begin(self._encode(batch)[0], Condition())

    def forward(self, batch: Batch, carried: State | None = None) -> Loss:
        """The mean over the predictions: of each latent, one for each of the K that follow it in the same row.

        Raises:
            UsageError: in training, there is one row, and negatives are from other rows.
            DataError: in training, no row is longer than the K latents that are to be predicted.
        """
        found, lengths = self.contrast(batch)
        if self.training:
            self._check(lengths)
        return mean_loss(found.nats.sum(), found.known, {"accuracy": found.right.sum()})

    def contrast(self, batch: Batch) -> tuple[Contrast, Tensor]:
        """Every prediction of a batch, of latents with a sample that counts; and the latents (B,) of its rows."""
        config, (latents, lengths) = self.config, self._encode(batch)
        size = *latents.shape[:2], config.num_ahead, latents.shape[2]
        predicted = self.context.leave(self._read(latents)).reshape(size)
        generator = None if self.training else torch.Generator(latents.device).manual_seed(FIXED_SEED)
        sizes = latents.shape[1], config.num_ahead, config.num_negatives
        recordings = _recordings(batch).to(latents.device) if config.negatives == "others" else None
        negatives = draw_negatives(lengths, *sizes, config.negatives, generator, recordings)
        found = contrast(latents, predicted, lengths, negatives, config.objective, config.negatives)
        return _only(found, self._is_counted(batch, latents.shape[1])), lengths

    def _is_counted(self, batch: Batch, num_latents: int) -> Tensor:
        """(B, L, K) bool: the predictions whose latent counts here, and in no other crop."""
        ahead = self.config.num_ahead
        counted = counted_latents(batch.counted, self.hop)[:, :num_latents]
        after = nn.functional.pad(counted, (0, num_latents + ahead - counted.shape[1]))
        return after.unfold(1, ahead, 1)[:, 1:]

    def represent(self, batch: Batch, at: str) -> Tensor:
        self.point(at)
        latents, lengths = self._encode(batch)
        found = latents if at == "p_enc" else self._read(latents)
        return torch.where(within(lengths, found.shape[1])[..., None], found, 0.0)

    def loss_text(self, loss: float) -> str:
        return f"{loss:.4f} nats/prediction ({self.chance:.4f} by guessing)"

    def _encode(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Latents (B, L, C), and the number of each row's (B,)."""
        frames, lengths = self.frames(batch)
        latents = self.encoder(frames, lengths)
        return latents, shorter(lengths, self.encoder.stride)

    def _read(self, latents: Tensor) -> Tensor:
        """What the context's network makes of latents (B, L, C), before its output layer: (B, L, H)."""
        return self.context.step_hidden(latents, self.context.init_state(len(latents), Condition()), Condition())[0]

    def _check(self, lengths: Tensor) -> None:
        config, longest = self.config, int(lengths.max())
        if config.negatives == "others" and len(lengths) == 1:
            raise UsageError(
                "model.negatives=others takes negatives from the other sounds of a batch, which has one; raise "
                "training.batch_size, or set model.negatives=within"
            )
        if longest <= config.num_ahead:
            raise DataError(
                f"every sound of a batch has at most {counted(longest, 'latent')} of {self.hop} samples, and "
                f"predicting {config.num_ahead} ahead needs {config.num_ahead + 1}; lower model.num_ahead, or use "
                "longer sounds"
            )


def _only(found: Contrast, counted: Tensor) -> Contrast:
    known = found.known & counted
    return Contrast(torch.where(known, found.nats, 0.0), found.right & known, known)


def _recordings(batch: Batch) -> Tensor:
    """The number (B,) of each row's recording, by its name; without names each row is one."""
    names = [*map(recording_of, batch.names)] or [*map(str, range(len(batch.symbols)))]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return torch.tensor([numbers[name] for name in names])
