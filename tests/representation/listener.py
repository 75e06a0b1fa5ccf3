"""A model that represents sound with two plain convolutions, for tests of what reads representations."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from undertow.alphabets.mu_law import MuLaw
from undertow.batch import Batch
from undertow.data.features import MFCCConfig
from undertow.data.needs import Needs
from undertow.models import Model
from undertow.models.loss import Loss

HOP, RATE, CHANNELS = 160, 8000, 6


class Point:
    hop, channels, num_codes = HOP, CHANNELS, ()


class CodedPoint(Point):
    num_codes = (4,)


class Listener(Model):
    """Cepstra every 80 samples, a convolution of 3 frames, and one of 4 with stride 2; codes by the largest channel."""

    reach: Any = (3 * 80, 3 * 80)
    points = {"p_enc": Point, "p_bn": CodedPoint}
    best_point = "p_bn"

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.features = MFCCConfig(sample_rate=RATE, hop_length=80, window_length=200, fft_size=512)
        self.first = nn.Conv1d(39, CHANNELS, 3, padding=1)
        self.second = nn.Conv1d(CHANNELS, CHANNELS, 4, stride=2, padding=1)
        self.double()

    abilities = frozenset({"represent"})
    scorer, facts = "none", {"unit": "sample"}

    @classmethod
    def completed(cls, values: Any, told: Any, say: Any) -> Any:
        raise NotImplementedError

    def forward(self, batch: Batch, carried: Any = None) -> Loss:
        raise NotImplementedError

    def loss_text(self, loss: float) -> str:
        raise NotImplementedError

    @property
    def needs(self) -> Needs:
        alphabet = MuLaw(MuLaw.Config(num_levels=256))
        return Needs(alphabet=alphabet, sample_rate=RATE, period=HOP, features=self.features)

    def represent(self, batch: Batch, at: str) -> Tensor:
        assert not self.training and batch.features is not None and batch.features.dtype == torch.float64
        length = math.ceil(batch.symbols.shape[1] / HOP)
        x = self.first(batch.features.transpose(1, 2)).tanh()
        x = self.second(nn.functional.pad(x, (0, 2 * length - x.shape[2])))
        return x.transpose(1, 2) if at == "p_enc" else x.transpose(1, 2).round(decimals=1)

    def codes(self, batch: Batch) -> Tensor:
        return self.represent(batch, "p_bn").argmax(dim=-1, keepdim=True) % 4
