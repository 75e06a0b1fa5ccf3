"""Models that the native engine has no op for."""

import torch

from tests.native.models import build
from undertow.layers import Serial, StatelessLayer
from undertow.models.autoregressive import Autoregressive

PLAIN = dict(network=dict(kind="causal_convs", channels=4, num_layers=1))


class Doubled(StatelessLayer):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * x


def with_doubled() -> Autoregressive:
    model = build()
    model.network.head = Serial(Doubled(), *model.network.head.layers)
    return model
