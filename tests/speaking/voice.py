"""A voice that plans frames by rule, three for a phone and one for a pause, and draws them with a small WaveNet."""

from typing import Any

import torch
from torch import Tensor

from tests.generation.models import NETWORK
from tests.generation.symbol_models import make
from undertow.batch import Batch
from undertow.data.needs import Needs
from undertow.data.script import Script
from undertow.models.loss import Loss
from undertow.models.speaking import Planned, Speaks

RATE, HOP, CHANNELS = 1000, 4, 3
PHONES = ("AH", "N", "OW", "R", "SIL", "T", "UW", "W", "Z", "IH")
WORDS = {"one": "W AH N", "two": "T UW", "zero": "Z IH R OW"}
SPEAKERS = ["theo", "lucas"]


class Voice(Speaks):
    """Frames are one-hot of the symbol modulo the channels; its decoder knows two speakers."""

    abilities = frozenset({"speak"})
    scorer, facts = "none", {"unit": "sample"}
    script = Script(PHONES, "phones", "SIL", WORDS)

    def __init__(self, stops: bool = True) -> None:
        super().__init__()
        features = dict(kind="frames", sample_rate=RATE, hop_length=HOP, num_channels=CHANNELS)
        self.stops = stops
        self.decoder = make(
            dict(
                sample_rate=RATE,
                alphabet=dict(kind="mu_law", num_levels=16),
                network=dict(NETWORK, layers_per_cycle=6),
                emission=dict(kind="categorical"),
                conditioner=dict(labels={"speaker": SPEAKERS}, features=features, upsampling=dict(channels=4)),
            )
        ).float()
        self.config = self.decoder.config

    @classmethod
    def completed(cls, values: Any, told: Any, say: Any) -> Any:
        raise NotImplementedError

    def forward(self, batch: Batch, carried: Any = None) -> Loss:
        raise NotImplementedError

    def loss_text(self, loss: float) -> str:
        raise NotImplementedError

    @property
    def needs(self) -> Needs:
        return self.decoder.needs

    def speak_frames(self, symbols: Tensor, labels: Any, *, manner: Any, sampling: Any, seed: int, row: int) -> Planned:
        durations = torch.where(symbols == PHONES.index("SIL"), 1, round(3 / manner.speed))
        frames = torch.eye(CHANNELS)[symbols % CHANNELS].repeat_interleave(durations, dim=0)
        pitch = torch.full((len(frames),), 100.0 * 2 ** (manner.pitch / 12))
        return Planned(frames, durations, pitch, stopped=self.stops)
