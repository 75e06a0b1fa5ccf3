"""A Transformer's blocks as ops, and how long a sequence the engine takes of them."""

from typing import Any

import numpy as np
import pytest
import torch

from tests.native.models import TIED, TRANSFORMER, WINDOW, build, make
from tests.refusals import refuses
from undertow import generate
from undertow.emissions import Sampling
from undertow.errors import UsageError
from undertow.native import lower
from undertow.native.builder import float_of
from undertow.native.format import NONE, Activation, Op, OpKind
from undertow.session.conditions import Known
from undertow.session.native_session import NativeSession
from undertow.session.noise import Philox
from undertow.session.torch_session import TorchSession

SESSIONS: dict[str, Any] = {"native": NativeSession, "torch": TorchSession}
SETTINGS: list[dict[str, Any]] = [TRANSFORMER, TIED, WINDOW, dict(TRANSFORMER, positions="rotary", activation="relu")]


def ops_of(network: dict[str, Any]) -> dict[str, Op]:
    lowered = lower(make(dict(network=network)))
    return dict(zip(lowered.names, lowered.graph.ops, strict=True))


def test_a_block_is_norms_attention_and_two_products_with_what_went_before_added() -> None:
    ops, block = ops_of(TRANSFORMER), "network.blocks.1"
    before, attention = ops["network.blocks.0.feed_forward.output"].output, ops[f"{block}.attention"]
    first, joined = ops[f"{block}.attention_norm"], ops[f"{block}.attention.output"]
    assert (first.inputs, float_of(first.settings[0]), first.settings[1]) == ((before,), np.float32(1e-5), 0)
    assert attention.inputs == (ops[f"{block}.attention.inputs"].output,)
    assert (attention.settings, attention.name) == ((2, 1000, 0), "blocks.1.attention")
    assert (joined.inputs, joined.add) == ((attention.output,), before)
    assert ops[f"{block}.feed_forward.input"].activation == Activation.GELU
    assert ops[f"{block}.feed_forward.output"].add == joined.output
    positions = ops["network.positions"]
    assert (positions.kind, positions.name) == (OpKind.POSITION, "blocks.0.attention")
    assert float_of(positions.settings[0]) == np.float32(12**0.5)


def test_a_windowed_block_of_rms_norms_is_turned_and_gated() -> None:
    ops = ops_of(WINDOW)
    attention, rotation = ops["network.blocks.0.attention"], ops["network.positions"]
    assert attention.settings == (2, 0, 9) and attention.inputs[1] == rotation.output
    assert rotation.settings[0] == 0 and rotation.name == "blocks.0.attention"
    angles = np.array(rotation.settings[1:], np.uint32).view(np.float64)
    np.testing.assert_array_equal(angles, 10_000.0 ** -(np.arange(0, 6, 2) / 6))
    assert ops["network.blocks.0.attention_norm"].settings[1] == 1
    assert ops["network.blocks.0.attention_norm"].bias == NONE
    assert ops["network.blocks.0.feed_forward.input"].activation == Activation.SWIGLU


@pytest.mark.native
@pytest.mark.parametrize("network", SETTINGS, ids=["plain", "tied", "window", "rotary"])
def test_draws_what_torch_draws(network: dict[str, Any]) -> None:
    model = make(dict(network=network))
    for temperature in (0.0, 1.0):
        options: dict[str, Any] = dict(num_steps=300, count=3, sampling=Sampling(temperature=temperature))
        native, other = (generate(model, **options, engine=engine).symbols for engine in ("native", "torch"))
        assert np.array_equal(native, other)


@pytest.mark.native
@pytest.mark.parametrize("engine", SESSIONS)
def test_more_inputs_than_there_is_room_for_are_refused(engine: str) -> None:
    session = SESSIONS[engine](build(network=dict(TRANSFORMER, max_length=20)))
    session.prime([torch.zeros(5, dtype=torch.int64)], Known(session.model, 1, {}))
    noise, symbols = Philox([0], [0], [0], 1), torch.zeros(1, 16, dtype=torch.int64)
    for ask in (lambda: session.feed(symbols), lambda: session.draw(noise, 16)):
        with refuses(UsageError, "21 inputs", "max_length is 20"):
            ask()
    session.draw(noise, 15)
    with refuses(UsageError, "21 inputs"):
        session.peek()
    with refuses(UsageError, "21 inputs"):
        session.prime([torch.zeros(21, dtype=torch.int64)], Known(session.model, 1, {}))
