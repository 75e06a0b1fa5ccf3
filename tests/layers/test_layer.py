"""The contract's own class: what a layer promises when it says nothing else."""

from fractions import Fraction

import pytest
import torch
from torch import Tensor

from undertow.layers import Layer
from undertow.layers.layer import StatelessLayer


class Double(StatelessLayer):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * x


def test_a_layer_without_a_state_steps_as_it_runs() -> None:
    layer, x = Double(), torch.randn(2, 3, 4)
    y, state = layer.step(x, layer.init_state(2))
    assert torch.equal(y, layer(x)) and state == {}
    assert (layer.receptive_field, layer.ratio, layer.delay) == (1, Fraction(1), 0)


def test_a_layer_must_step() -> None:
    class Unfinished(Layer):
        def forward(self, x: Tensor) -> Tensor:
            return x

    with pytest.raises(TypeError, match="step"):
        Unfinished()  # type: ignore[abstract]
