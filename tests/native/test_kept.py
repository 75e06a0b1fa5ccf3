"""The program that is kept with a model, and made again when the weights change."""

import pytest
import torch

from tests.native.models import build
from undertow.native import program_of

pytestmark = pytest.mark.native


def test_is_kept_until_the_weights_change() -> None:
    model = build("lstm")
    program = program_of(model)
    assert program_of(model) is program
    with torch.no_grad():
        model.network.head.weight[0, 0] += 1
    changed = program_of(model)
    assert changed is not program
    model.network.head.weight.data[0, 0] += 1  # has no version
    assert (moved := program_of(model)) is not changed
    model.network.head.weight.data.copy_(model.network.head.weight.flip(0))
    assert program_of(model) is not moved
    assert program_of(model, "scalar").isa == "scalar"
    assert program_of(build("lstm")) is not program_of(model)
