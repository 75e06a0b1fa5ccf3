"""A voice that reads phones and draws a wave: WaveNet on linguistic features (arXiv 1609.03499, §3.2).

    frames = those of `undertow.models.phone_voice`
    p(x | frames, speaker) = Π_t p(x_t | x_<t, frames, speaker)

B batch, T samples, F frames, S symbols, C channels.
"""

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

import torch

from undertow.alphabets import AlphabetConfig
from undertow.batch import Batch
from undertow.config import Rate, Width, config, parse
from undertow.data.features import FramesConfig
from undertow.data.needs import Needs
from undertow.data.told import Told
from undertow.emissions import EmissionConfig
from undertow.errors import UsageError
from undertow.models.autoregressive import Autoregressive, ShortReceptiveFieldWarning
from undertow.models.completing import with_alphabet, with_rate
from undertow.models.loss import Loss, mean_loss
from undertow.models.phone_voice import PhoneVoice, PhoneVoiceConfig, crop
from undertow.networks import NetworkConfig
from undertow.state import State


class TextToWave(PhoneVoice):
    """−log p(samples | phones, durations, fundamental frequency), and the losses of what predicts these two.

    Attributes:
        hop: samples of a frame.
        decoder: the distribution of sound given frames.
    """

    has_bits = False
    decoder: Autoregressive

    @config
    class Config(PhoneVoiceConfig):
        """The model's parts, beside those that plan.

        Attributes:
            hop_length: samples of a frame.
            network, emission: of the decoder, which also has the conditioner's labels and upsampling; the
                conditioner's features are the frames.
        """

        kind: Literal["text_to_wave"] = "text_to_wave"
        alphabet: AlphabetConfig
        hop_length: Width
        network: NetworkConfig
        emission: EmissionConfig
        sample_rate: Rate

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.hop = config.hop_length
        with warnings.catch_warnings():  # the frames say what a short receptive field does not see
            warnings.simplefilter("ignore", ShortReceptiveFieldWarning)
            self.decoder = Autoregressive(self._decoder_config())
        self.alphabet = self.decoder.alphabet

    def _decoder_config(self) -> Autoregressive.Config:
        config = self.config
        features = replace(self._numbers, num_channels=config.frame_channels)
        return Autoregressive.Config(
            alphabet=config.alphabet,
            network=config.network,
            emission=config.emission,
            conditioner=replace(config.conditioner, features=features, label_dropout=0.0),
            sample_rate=config.sample_rate,
        )

    @property
    def _numbers(self) -> FramesConfig:
        """What a batch has for frames: their numbers in the recording."""
        return FramesConfig(sample_rate=self.config.sample_rate, hop_length=self.config.hop_length, num_channels=1)

    @property
    def frame_seconds(self) -> float:
        return float(self.config.hop_length / self.config.sample_rate)

    @classmethod
    def completed(cls, values: Mapping[str, Any], told: Told, say: Callable[[str], None]) -> Config:
        read = cls.read_of_data(values, told, say)
        if told.sample_rate is None:
            raise UsageError("a voice needs a sample rate: set data.sample_rate")
        return parse(cls.Config, {**with_rate(with_alphabet(values, told), told), **read}, "model")

    @property
    def needs(self) -> Needs:
        return replace(self.decoder.needs, features=self._numbers, script=self.script)

    @property
    def facts(self) -> dict[str, Any]:
        return {**self.decoder.facts, "frames_per_second": 1 / self.frame_seconds, **self.read_facts}

    def forward(self, batch: Batch, carried: State | None = None) -> Loss:
        """The mean over the counted samples, and over the recordings' symbols and frames.

        Figures: `sound_bits` a sample of the decoder, and those of `Heard`.
        """
        batch = self.hide_labels(batch)  # from the encoder and the decoder alike
        heard = self.hear(batch)
        nats = -self.decoder.log_prob(replace(batch, features=crop(heard.frames, batch))).sum()
        loss = mean_loss(nats, batch.counted, {"sound_bits": nats.detach() / math.log(2)})
        return loss._replace(value=loss.value + heard.loss, figures={**loss.figures, **heard.figures})

    def begin(self, batch: Batch) -> None:
        with torch.no_grad():
            frames = crop(self.hear(batch).frames, batch)
        self.decoder.begin(replace(batch, features=frames))

    def loss_text(self, loss: float) -> str:
        return f"{loss:.4f} nats/{self.alphabet.unit} with durations and pitch"
