"""A model run for its output: no gradients, no dropout, and its mode as before."""

import pytest
import torch
from torch import nn

from undertow.session.inference import inference


@pytest.mark.parametrize("training", [True, False])
def test_the_mode_of_before_comes_back(training: bool) -> None:
    model, linear = nn.Dropout(0.5).train(training), nn.Linear(3, 2)
    with inference(model):
        assert not model.training
        assert not linear(torch.ones(3)).requires_grad
    assert model.training is training


def test_it_comes_back_after_an_error_too() -> None:
    model = nn.Dropout(0.5)
    with pytest.raises(KeyError), inference(model):
        raise KeyError
    assert model.training
