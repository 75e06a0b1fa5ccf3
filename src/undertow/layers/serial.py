"""Layers one after another."""

import math
from fractions import Fraction
from typing import Any

from torch import Tensor, nn

from undertow.layers.layer import Layer
from undertow.state import State


class Serial(Layer):
    """Apply layers in order. State: "layers", each layer's by its number.

    Receptive field, ratio and delay follow from the layers'.
    """

    def __init__(self, *layers: Layer) -> None:
        super().__init__()
        self.layers: Any = nn.ModuleList(layers)
        self.ratio = math.prod((layer.ratio for layer in layers), start=Fraction(1))
        self.receptive_field = _receptive_field(layers)
        delay = Fraction(0)
        for layer in layers:
            delay = delay * layer.ratio + layer.delay
        self.delay = math.ceil(delay)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x

    def init_state(self, batch_size: int) -> State:
        return {"layers": {str(number): layer.init_state(batch_size) for number, layer in enumerate(self.layers)}}

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        after = {}
        for number, layer in enumerate(self.layers):
            x, after[str(number)] = layer.step(x, state["layers"][str(number)])
        return x, {"layers": after}


def _receptive_field(layers: tuple[Layer, ...]) -> int | None:
    """Inputs the worst-placed output sees: n neighbouring outputs of a layer need ⌈(n - 1) / ratio⌉ + field inputs."""
    width = 1
    for layer in reversed(layers):
        if layer.receptive_field is None:
            return None
        width = math.ceil((width - 1) / layer.ratio) + layer.receptive_field
    return width
