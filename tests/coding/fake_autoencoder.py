"""A model with codes and a decoder, small and quick: what the codec asks of an autoencoder, and no more."""

from typing import Any

import torch
from torch import Tensor, nn

from undertow.batch import Batch
from undertow.config import config, parse
from undertow.data.needs import Needs
from undertow.models import Autoregressive
from undertow.models.representing import Point, Reach, Represents

HOP, RATE, NUM_CODES = 80, 8000, (16, 4)


class Fake(Represents):
    """Codes of a frame of samples: its mean level, and its place in four; the decoder sees their vectors."""

    @config
    class Config:
        kind: str = "fake"

    def __init__(self, seed: int = 0, speakers: tuple[str, ...] = ("jackson", "theo")) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.config = self.Config()
        self.vectors: Any = nn.ParameterList(nn.Parameter(torch.randn(number, 2)) for number in NUM_CODES)
        features = {"kind": "frames", "sample_rate": RATE, "hop_length": HOP, "num_channels": 4}
        self.decoder = Autoregressive(
            parse(
                Autoregressive.Config,
                {
                    "alphabet": {"kind": "mu_law"},
                    "network": {"kind": "rnn", "cell": "gru", "num_layers": 1, "channels": 8, "embedding_channels": 4},
                    "emission": {"kind": "categorical"},
                    "conditioner": {
                        "labels": {"speaker": list(speakers)},
                        "features": features,
                        "upsampling": {"channels": 4},
                    },
                    "sample_rate": RATE,
                },
            )
        )

    best_point, reach = "p_bn", Reach(0, HOP)
    points = {"p_enc": Point(HOP, 4), "p_bn": Point(HOP, 4, NUM_CODES)}

    @classmethod
    def completed(cls, values: Any, told: Any, say: Any) -> Any:
        raise NotImplementedError

    @property
    def needs(self) -> Needs:
        return Needs(alphabet=self.decoder.alphabet, sample_rate=RATE, period=HOP)

    @property
    def abilities(self) -> frozenset[Any]:
        return frozenset(["represent", "reconstruct"])

    @property
    def facts(self) -> dict[str, Any]:
        return {}

    @property
    def scorer(self) -> str:
        return "none"

    def forward(self, batch: Batch, carried: Any = None) -> Any:
        raise NotImplementedError

    def loss_text(self, loss: float) -> str:
        return str(loss)

    def represent(self, batch: Batch, at: str) -> Tensor:
        return self.decode(self.codes(batch))

    def codes(self, batch: Batch) -> Tensor:
        symbols = nn.functional.pad(batch.symbols, (0, -batch.symbols.shape[1] % HOP))
        frames = symbols.unflatten(1, (-1, HOP)).float()
        return torch.stack([frames.mean(-1) // 16, frames.amax(-1) // 64], dim=-1).long()

    def decode(self, codes: Tensor) -> Tensor:
        return torch.cat([table[codes[..., group]] for group, table in enumerate(self.vectors)], dim=-1)
