"""What does not fit in memory is refused before it is made, with what it needs, what there is, and what to lower."""

import time
from typing import Any

import pytest
import torch
from torch import nn

from tests.recipes.recipe_models import model_of
from tests.refusals import refuses
from undertow import memory_room
from undertow.config import parse
from undertow.errors import UsageError
from undertow.models import MODELS, build
from undertow.recipes import recipe_names

PARTS = {"alphabet": {"kind": "mu_law"}, "network": {"kind": "wavenet"}, "emission": {"kind": "categorical"}}


def model_with(**network: Any) -> Any:
    return parse(MODELS["autoregressive"].Config, PARTS | {"network": {"kind": "wavenet", **network}})


@pytest.mark.parametrize(
    ("config", "parts"),
    [
        (lambda: model_with(residual_channels=2**20), ["lower network.residual_channels (1,048,576)"]),
        (lambda: model_with(skip_channels=2**20), ["lower network.skip_channels (1,048,576)"]),
        (lambda: model_with(gate_channels=2**20, kernel_size=2**20), ["GB", "lower network."]),
        (
            lambda: parse(
                MODELS["autoregressive"].Config,
                PARTS | {"network": {"kind": "transformer", "positions": "learned", "max_length": 10**9}},
            ),
            ["lower network.max_length (1,000,000,000)"],
        ),
        (lambda: model_with(num_cycles=1000, layers_per_cycle=24), ["24,000", "1,024"]),
    ],
    ids=["channels", "skip", "beyond 63 bits", "positions", "layers"],
)
def test_fault_31_a_model_beyond_memory_is_refused_at_once(config, parts):
    began = time.process_time()
    with refuses(UsageError, *parts) as caught:
        build(config())
    assert "\n" not in str(caught.value) and time.process_time() - began < 5


def test_fault_31_a_number_of_cycles_beyond_all_reason_is_refused_at_once():
    with refuses(UsageError, "num_cycles", 1024, 10**9):
        model_with(num_cycles=10**9)


def test_both_numbers_are_given(monkeypatch):
    monkeypatch.setattr(memory_room, "memory_bytes", lambda device="cpu": 2 * 10**9)
    with refuses(UsageError, "ten rows need 3.0 GB", "2.0 GB", "take nine"):
        memory_room.refuse_beyond(3 * 10**9, "ten rows need", "take nine")
    memory_room.refuse_beyond(2 * 10**9, "ten rows need", "take nine")


def test_sizes_are_those_of_the_model_and_the_random_state_stays():
    config = model_with(num_cycles=1, layers_per_cycle=2)
    state = torch.random.get_rng_state()
    needed = memory_room.model_bytes(MODELS["autoregressive"], config)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert needed == 4 * sum(one.numel() for one in MODELS["autoregressive"](config).state_dict().values())


def test_a_model_that_has_no_meta_form_is_left_to_build():
    class Asks(nn.Module):
        def __init__(self, config: Any) -> None:
            super().__init__()
            self.number = int(torch.ones(1).item())

    assert memory_room.model_bytes(Asks, None) == 0


@pytest.mark.parametrize("name", [name for name in recipe_names() if name != "classify"])
def test_every_recipe_has_room(name, monkeypatch):
    """Its model, in eight gigabytes."""
    monkeypatch.setattr(memory_room, "memory_bytes", lambda device="cpu": 8 * 10**9)
    config = model_of(name)
    memory_room.refuse_model(MODELS[config.kind], config)


def test_a_kept_byte_is_counted_once():
    layer = nn.Linear(3, 3)
    x = torch.ones(5, 3, requires_grad=True)
    once = memory_room.kept_bytes(layer, lambda: layer(x))
    assert once == x.nbytes and memory_room.kept_bytes(layer, lambda: layer(x) + layer(x)) == once
