"""Models that the native engine has no op for."""

import torch

from tests.native.models import PIXELS, build
from undertow.layers import Serial, StatelessLayer
from undertow.models.autoregressive import Autoregressive

ROW_LSTM = dict(network=dict(kind="row_lstm", channels=4, num_layers=1), alphabet=PIXELS)


class Doubled(StatelessLayer):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * x


def with_doubled() -> Autoregressive:
    model = build()
    model.network.head = Serial(Doubled(), *model.network.head.layers)
    return model
