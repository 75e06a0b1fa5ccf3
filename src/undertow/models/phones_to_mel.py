"""A voice that reads phones and writes the mel frames of their speech, all at once: no frame sees the one before.

    frames = those of `undertow.models.phone_voice`
    mel = network(frames)

FastSpeech 2 (Ren et al., arXiv 2006.04558) with the package's labellers; times of phones come from the data, so nothing
has to learn to attend, and a quarter of an hour of speech teaches it to be understood.

B batch, F frames of a crop, N frames of a recording, S symbols, M mel bands, C channels.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor

from undertow import networks
from undertow.alphabets.numbers import Numbers
from undertow.batch import Batch
from undertow.config import NonNegative, config, parse
from undertow.data.features import MelConfig
from undertow.data.needs import Needs
from undertow.data.told import Told
from undertow.errors import UsageError
from undertow.models.completing import section
from undertow.models.likeness import likeness
from undertow.models.loss import Loss, mean_loss
from undertow.models.mel_scale import MelScale
from undertow.models.phone_voice import PhoneVoice, PhoneVoiceConfig, check_room, crop, finite
from undertow.networks import LabellerConfig
from undertow.state import State


class PhonesToMel(PhoneVoice):
    """The mean absolute error of mel frames, given the recording's durations and pitch, how unlike their spectra are,
    and the losses of what predicts these two. Errors are in deviations of each band, and in figures in dB.

    Attributes:
        scale: of the bands.
    """

    decoder = None
    has_bits = False

    @config
    class Config(PhoneVoiceConfig):
        """The model's parts, beside those that plan.

        Attributes:
            features: the mel spectrum; a vocoder of such a sound must have the same.
            network: a labeller that writes the mel frames.
            likeness_weight: of the likeness of spectra beside the error of their values; see
                `undertow.models.likeness`.
        """

        kind: Literal["phones_to_mel"] = "phones_to_mel"
        features: MelConfig
        network: LabellerConfig
        likeness_weight: NonNegative = 1.0

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        bands = config.features.num_channels
        self.alphabet = Numbers(Numbers.Config(num_elements=bands))
        self.network = networks.build_labeller(config.network, bands, config.frame_channels)
        if self.network.dims != 1:
            raise UsageError("network must be a labeller of sequences, not of images")
        self.scale = MelScale(config.features)

    @classmethod
    def completed(cls, values: Mapping[str, Any], told: Told, say: Callable[[str], None]) -> Config:
        read = cls.read_of_data(values, told, say)
        if not section(values, "features"):
            raise UsageError("model.features is missing: give the mel spectrum, such as {kind: mel, hop_length: 80}")
        return parse(cls.Config, {**values, **read}, "model")

    @property
    def frame_seconds(self) -> float:
        features = self.config.features
        return float(features.hop_length / features.sample_rate)

    @property
    def needs(self) -> Needs:
        features = self.config.features
        return Needs(
            alphabet=self.alphabet,
            sample_rate=features.sample_rate,
            classes=self.config.conditioner.labels,
            features=features,
            script=self.script,
            num_params=features.num_channels,
        )

    @property
    def facts(self) -> dict[str, Any]:
        rate = self.config.features.sample_rate
        own = {"num_symbols": 0, "unit": "frame", "direction": ["text", "speech"], "sample_rate": rate}
        return {**own, **self.read_facts}

    def forward(self, batch: Batch, carried: State | None = None) -> Loss:
        """The mean over the counted frames, and over the recordings' symbols and frames.

        Figures: `mel_decibels`, the mean absolute error of a mel value; `likeness` of the spectra; those of `Heard`.
        """
        heard = self.hear(self.hide_labels(batch))
        written, real = crop(self.write(heard.frames, heard.num_frames), batch), self.scale(batch.symbols)
        counted = batch.counted[..., None]
        error = torch.where(counted, (written - real).abs(), 0.0)
        alike = likeness(written, real, counted)
        loss = mean_loss(
            error.mean(dim=-1).sum(),
            batch.counted,
            {"mel_decibels": self.scale.decibels(error).mean(dim=-1).sum(), "likeness": alike.mean(dim=-1).sum()},
        )
        unlike = torch.where(counted, 1 - alike, 0.0).mean(dim=-1).sum() / loss.num_terms.clamp(min=1)
        value = loss.value + self.config.likeness_weight * unlike + heard.loss
        return loss._replace(value=value, figures={**loss.figures, **heard.figures})

    def write(self, frames: Tensor, num_frames: Tensor) -> Tensor:
        """Scaled mel frames (B, N, M) of frames of phones (B, N, C).

        Raises:
            TooLongError: there are more than the network writes.
        """
        check_room(self.network, frames.shape[1], "frame")
        written: Tensor = self.network(frames, num_frames)
        return written

    def begin(self, batch: Batch) -> None:
        self.scale.fit(batch.symbols[batch.counted])

    def loss_text(self, loss: float) -> str:
        return f"loss {loss:.4f} (of mel frames, durations and pitch)"

    def to_draw(self, frames: Tensor) -> Tensor:
        """The mel frames (N, M) of a sentence, none below the floor."""
        number = torch.tensor([len(frames)], device=frames.device)
        return self.scale.undo(finite(self.write(frames[None], number)[0]))
