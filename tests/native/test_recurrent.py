"""Recurrent layers as ops: which they are, and where their loops begin and end."""

from typing import Any

import numpy as np
import pytest
import torch

from tests.native.models import RNN, build, make, params, symbols
from tests.native.stepping import engine_of, feed, run
from undertow.batch import Batch, Condition
from undertow.layers import CausalConv1d, Framed, Recurrent, Serial
from undertow.native import cpu_isas, lower, make_engine, make_program, to_bytes
from undertow.native.export import measure
from undertow.native.format import NONE, Activation, OpKind
from undertow.native.quantise import quantise
from undertow.native.recurrent import loops
from undertow.session.noise import uniforms
from undertow.state import named_leaves

CELLS = {
    "lstm": [OpKind.CONV, OpKind.PREVIOUS, OpKind.CONV, OpKind.LSTM],
    "gru": [OpKind.CONV, OpKind.PREVIOUS, OpKind.CONV, OpKind.GRU],
    "rnn": [OpKind.CONV, OpKind.PREVIOUS, OpKind.CONV],
}


@pytest.mark.parametrize("cell", CELLS)
def test_a_layer_is_a_product_and_a_loop(cell: str) -> None:
    graph = lower(make(dict(network=dict(RNN, cell=cell)))).graph
    layer, size = CELLS[cell], len(CELLS[cell])
    assert [op.kind for op in graph.ops] == [OpKind.EMBED, *layer, *layer, OpKind.CONV]
    assert loops(graph) == {2: 1 + size, 2 + size: 1 + 2 * size}
    for first in (1, 1 + size):
        given, last, product, *_ = graph.ops[first : first + size]
        made = graph.ops[first + size - 1]
        assert last.settings == (made.output,) and product.inputs == (last.output,)
        assert product.add == (NONE if cell == "gru" else given.output)
        assert product.activation == (Activation.TANH if cell == "rnn" else Activation.NONE)


def test_states_have_torchs_names_and_first_values() -> None:
    model = build("lstm")
    graph = lower(model).graph
    first = {op.name: graph.tensors[op.weight].array for op in graph.ops if op.name}
    expected = model.network.layers.init_state(1)
    assert [f"layers.{name}" for name in expected] == list(first)
    for name, part in expected.items():
        assert torch.equal(torch.from_numpy(first[f"layers.{name}"]), part[0])


def test_overlapping_loops_are_one() -> None:
    graph = lower(make(dict(network=dict(RNN, cell="gru")))).graph
    ops = list(graph.ops)
    ops[2] = type(ops[2])(**{**vars(ops[2]), "settings": (ops[8].output,)})
    assert loops(type(graph)(**{**vars(graph), "ops": tuple(ops)})) == {2: 9}


@pytest.mark.native
@pytest.mark.parametrize("cell", CELLS)
def test_frames_around_recurrent_layers(cell: Any) -> None:
    """A tier at a slower clock says what torch does, in every chunk, precision and number of threads."""
    model = build("context")
    size, width, out = (getattr(model.network.context, part) for part in ("frame_size", "in_channels", "out_channels"))
    torch.manual_seed(3)
    layer = Recurrent(cell, size * width, 10, num_layers=2)
    torch.nn.init.normal_(layer.initial)
    inner = Serial(layer, CausalConv1d(10, size * out))
    model.network.context = Framed(inner, size, width, out)
    inputs, known = symbols(model, 3, 90), Condition()
    expected = params(model.eval(), inputs, known, double=False)
    for sizes, threads in (([90], 1), ([1, 7, 3], 2), ([5], 4)):
        said = feed(engine_of(model, 3, threads), model, inputs, known, sizes)
        assert abs(said - expected).max() <= 2e-5 * abs(expected).max()
    engine = engine_of(model, 3)
    feed(engine, model, inputs[:, :50], known, [50])
    _, state = model.network.step(inputs[:, :50], model.network.init_state(3, known), known)
    torches = named_leaves(state)
    assert engine.state().keys() == torches.keys()
    for name, part in engine.state().items():
        if "hidden" in name or "cell" in name:
            torch.testing.assert_close(torch.from_numpy(part), torches[name], rtol=0, atol=1e-4)


@pytest.mark.native
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("channels", [9, 80])
def test_int8_is_the_same_by_steps_and_in_blocks(cell: str, channels: int) -> None:
    model = make(dict(network=dict(RNN, cell=cell, channels=channels)))
    graph = lower(model).graph
    batch = Batch(symbols(model, 4, 60)[:, 1:], torch.ones(4, 59, dtype=torch.bool))
    file = to_bytes(quantise(graph, measure(model, graph, [batch])))
    noise, inputs = uniforms(1, range(3), 0, 60, 1), symbols(model, 3, 60)
    said, drawn = [], []
    for isa in cpu_isas():
        for threads, sizes in ((1, [60]), (2, [7, 1]), (5, [3])):
            said.append(feed(make_engine(make_program(file, isa), 3, threads), model, inputs, Condition(), sizes))
            drawn.append(run(make_engine(make_program(file, isa), 3, threads), noise, Condition(), sizes))
    assert all(np.array_equal(said[0], one) for one in said) and all(np.array_equal(drawn[0], one) for one in drawn)
    assert abs(said[0] - params(model, inputs, Condition())).max() < 0.15 * abs(said[0]).max()


@pytest.mark.native
def test_int8_costs_next_to_nothing() -> None:
    """Of a model that has learnt a little: a hundredth of a bit a symbol at most."""
    model = make(dict(network=dict(kind="rnn", cell="gru", channels=48, num_layers=1)), gain=1.0).train()
    random, optimizer = np.random.default_rng(2), torch.optim.Adam(model.parameters(), 1e-2)
    walks = np.cumsum(random.integers(-1, 2, (24, 120)) + (np.arange(120) % 3 == 0), axis=1) % 16
    rows, counted = torch.from_numpy(walks), torch.ones(24, 120, dtype=torch.bool)
    for _ in range(25):
        optimizer.zero_grad()
        model(Batch(rows[:16, :60], counted[:16, :60])).value.backward()
        optimizer.step()
    graph, past = lower(model.eval()).graph, model.past(rows[16:, :-1])
    files = [to_bytes(one) for one in (graph, quantise(graph, measure(model, graph, [Batch(rows[:16], counted[:16])])))]
    said = [feed(make_engine(make_program(file), 8, 1), model, past, Condition(), [120]) for file in files]
    bits = [model.emission.log_prob(torch.from_numpy(one), rows[16:]).mean() / -np.log(2) for one in said]
    assert bits[0] < 3.8 and bits[1] - bits[0] < 0.01
