"""Recurrent layers that attend over their past, in the engine and in torch."""

from typing import Any

import numpy as np
import pytest
import torch

from tests.native.models import make, params, symbols
from tests.native.stepping import engine_of, feed
from undertow import generate
from undertow.batch import Batch, Condition
from undertow.emissions import Sampling
from undertow.models import Autoregressive
from undertow.native import cpu_isas, lower, make_engine, make_program, to_bytes
from undertow.native.export import measure
from undertow.native.quantise import quantise
from undertow.state import named_leaves

pytestmark = pytest.mark.native

NETWORKS: list[dict[str, Any]] = [
    dict(kind="rnn_attention", channels=70, max_length=150),
    dict(kind="rnn_attention", cell="lstm", channels=9, attention_channels=5, num_layers=2),
    dict(kind="rnn_attention", cell="rnn", input="scalar", channels=16),
]


@pytest.fixture(params=NETWORKS, ids=["gru", "lstm", "values"])
def model(request: Any) -> Autoregressive:
    return make(dict(network=request.param), gain=1.5)


def test_says_and_draws_what_torch_does(model: Autoregressive) -> None:
    inputs = symbols(model, 3, 150)
    expected = params(model, inputs, Condition())
    for sizes, threads in (([150], 1), ([1, 7, 40], 2)):
        said = feed(engine_of(model, 3, threads), model, inputs, Condition(), sizes)
        assert abs(said - expected).max() <= 2e-5 * abs(expected).max()
    options: dict[str, Any] = dict(num_steps=120, count=2, sampling=Sampling(temperature=0.0))
    native, other = (generate(model, **options, engine=engine).symbols for engine in ("native", "torch"))
    assert np.array_equal(native, other)


def test_its_state_is_torchs(model: Autoregressive) -> None:
    inputs, engine = symbols(model, 2, 60), engine_of(model, 2)
    feed(engine, model, inputs, Condition(), [60])
    with torch.no_grad():
        _, state = model.network.step(model._inputs(inputs), model.network.init_state(2, Condition()), Condition())
    found, expected = engine.state(), named_leaves(state)
    assert found.keys() == expected.keys()
    for name, part in found.items():
        whole = expected[name][:, : part.shape[1]] if part.ndim == 3 else expected[name]
        torch.testing.assert_close(torch.from_numpy(part), whole, rtol=0, atol=1e-4)


def test_int8_is_the_same_by_steps_and_in_blocks(model: Autoregressive) -> None:
    graph, inputs = lower(model).graph, symbols(model, 3, 80)
    batch = Batch(inputs[:, 1:], torch.ones(3, 79, dtype=torch.bool))
    file = to_bytes(quantise(graph, measure(model, graph, [batch])))
    said = []
    for isa in cpu_isas():
        for threads, sizes in ((1, [80]), (2, [7, 1])):
            said.append(feed(make_engine(make_program(file, isa), 3, threads), model, inputs, Condition(), sizes))
    assert all(np.array_equal(said[0], one) for one in said)
    assert abs(said[0] - params(model, inputs, Condition())).max() < 0.15 * abs(said[0]).max()
