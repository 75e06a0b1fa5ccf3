"""A model as a graph: what torch says, the names a later pass finds it by, and what cannot be written as one."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import nn

from tests.native.models import KINDS, PIXELS, PLUSPLUS, build, condition, configs, make, params, symbols
from tests.native.unsupported import PLAIN, with_doubled
from undertow.layers import DiagonalBiLSTM, RasterConv, Recurrent, RowLSTM, TiedOutput, WeightNormConv1d
from undertow.layers.causal_conv import CausalConvolution
from undertow.layers.positions import Sinusoidal
from undertow.models.autoregressive import Autoregressive
from undertow.native import Unsupported, format, lower
from undertow.native.format import NONE, Activation, EmissionKind, Op, OpKind, Type
from undertow.native.lowering import Lowered
from undertow.native.taps import taps_of
from undertow.native.trace import trace
from undertow.networks.samplernn import Levelled


def says(lowered: Lowered, model: Autoregressive, num_steps: int) -> np.ndarray:
    """The emission's parameters (T, P), from the graph alone."""
    known = condition(model, 1, num_steps).aligned
    values = dict(trace(lowered.graph, symbols(model, 1, num_steps)[0], None if known is None else known[0]))
    return values[lowered.graph.output].detach().numpy()


@pytest.mark.parametrize("kind", KINDS)
def test_says_what_torch_says(kind: str) -> None:
    check_same(build(kind))


@settings(max_examples=40)
@given(configs())
def test_any_model_says_what_torch_says(config: dict[str, Any]) -> None:
    check_same(make(config))


def check_same(model: Autoregressive, num_steps: int = 60) -> None:
    expected = params(model, symbols(model, 1, num_steps), condition(model, 1, num_steps))[0]
    np.testing.assert_allclose(says(lower(model), model, num_steps), expected, rtol=0, atol=2e-5 * abs(expected).max())


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "pixelcnn++" not in kind])  # see test_pixelcnn_pp.py
def test_every_convolution_has_the_name_of_its_module(kind: str) -> None:
    """And every weight of the network is in the graph, once."""
    model = build(kind)
    lowered = lower(model)
    convolutions = [name for name, op in zip(lowered.names, lowered.graph.ops, strict=True) if op.kind == OpKind.CONV]
    assert len(set(convolutions)) == len(convolutions)
    modules = {name.removesuffix(".1") if name.endswith("condition.1") else name for name in convolutions}
    named = {name: module for name, module in model.network.named_modules(prefix="network")}
    products = CausalConvolution | RasterConv | nn.Linear | TiedOutput
    expected = {name for name, module in named.items() if isinstance(module, products)}
    for name, module in named.items():
        if isinstance(module, Recurrent):
            expected |= {
                f"{name}.cell.{part}_l{layer}" for part in ("ih", "hh") for layer in range(module.cell.num_layers)
            }
        if isinstance(module, RowLSTM):
            expected.add(f"{name}.kept.above")
        if isinstance(module, DiagonalBiLSTM):
            expected |= {f"{name}.{part}" for side in ("left", "right") for part in (f"{side}.ih", f"of_{side}.above")}
    joined = {"network.input"} if kind.endswith("of values and features") and "bytenet" not in kind else set()
    joined |= {"network.joined"} if kind == "samplernn of labels" else set()
    order = model.config.conditioner.linear_prediction
    told = {"weights", "inverse", "factors", "scales", "prediction", "place"} if order else set()
    assert modules == expected | joined | {f"network.{part}" for part in told}
    held = sum(tensor.array.size for tensor in lowered.graph.tensors)
    table = model.alphabet.num_symbols + 1 if model.config.network.input == "scalar" else 0
    ones = (1 + model.conditioner.channels) ** 2 if joined else 0
    waves = sum(module.table.numel() for module in named.values() if isinstance(module, Sinusoidal))
    waves += sum(module.levels.numel() for module in named.values() if isinstance(module, Levelled))
    again = sum(parameter.numel() for name, parameter in model.network.named_parameters() if "input.symbols" in name)
    twice = again - model.network.config.channels if getattr(model.network, "tied", False) else 0  # for two products
    scales = sum(module.scale.numel() for module in named.values() if isinstance(module, WeightNormConv1d))
    hidden = sum(module.weight[:, -1, : module.in_channels].numel() for module in named.values() if _hides(module))
    parameters = sum(parameter.numel() for parameter in model.network.parameters())
    predicting = _predicting(model) if order else 0
    assert held == table + ones + waves + twice - scales - hidden + parameters + predicting


def _predicting(model: Any) -> int:
    """Numbers that a linear prediction adds: of its ops, and zeros where the network reads the condition."""
    order, count, channels = model.network.order, model.emission.num_params, model.conditioner.channels
    told = channels * (order + 1 + 2 * count) + count
    sums = order**2 + order + 2 + count
    readers = [one.weight for name, one in model.network.named_modules() if name.endswith("condition")]
    return told + sums + sum(len(weight) for weight in readers) * (order + 3)


def _hides(module: nn.Module) -> bool:
    """Whether a convolution has weights that no channel uses: those of the last channel of the pixel itself."""
    return isinstance(module, RasterConv) and module.own == "before"


def by_name(lowered: Lowered) -> dict[str, Op]:
    return {name: op for name, op in zip(lowered.names, lowered.graph.ops, strict=True)}


def test_a_layer_is_three_convolutions() -> None:
    lowered = lower(build("labels"))
    ops, stream = by_name(lowered), by_name(lowered)["network.input.layers.0"].output
    said, gate = ops["network.stack.gates.0.condition"], ops["network.stack.gates.0.conv"]
    residual = ops["network.stack.residuals.0"]
    assert (said.inputs, said.bias) == ((ops["condition"].output,), NONE)
    assert (gate.inputs, gate.add, gate.activation) == ((stream,), said.output, Activation.GATE)
    assert taps_of(gate).lags == (1, 0)
    assert (residual.inputs, residual.add, residual.activation) == ((gate.output,), stream, Activation.NONE)
    assert [taps_of(ops[f"network.stack.gates.{layer}.conv"]).history for layer in range(6)] == [1, 2, 4, 1, 2, 4]
    skip = ops["network.skip.conv"]
    assert skip.inputs == tuple(ops[f"network.stack.gates.{layer}.conv"].output for layer in range(6))
    assert skip.activation == Activation.RELU and lowered.graph.output == ops["network.head.layers.1"].output


def test_a_bytenet_block_is_norms_units_and_a_sum() -> None:
    ops = by_name(lower(build("bytenet")))
    stream, block = ops["network.input.symbols"].output, "network.stack.layers.1.inner.layers"
    first = {name: op for name, op in ops.items() if name.startswith(block)}
    assert [(op.kind.name, op.activation.name) for op in first.values()] == [
        *(("NORM", "RELU"), ("CONV", "NONE"), ("NORM", "NONE"), ("CONV", "MULTIPLY"), ("CONV", "MULTIPLY")),
        *(("NORM", "RELU"), ("CONV", "NONE")),
    ]
    unit, masked = ops[f"{block}.2.conv"], ops[f"{block}.3.conv"]
    assert (taps_of(unit).lags, taps_of(masked).lags) == ((0,), (4, 2, 0)) and masked.inputs == (unit.output,)
    assert ops["network.stack.layers.0.inner.layers.4.conv"].add == stream
    assert ops[f"{block}.4.conv"].add == ops["network.stack.layers.0.inner.layers.4.conv"].output


def test_a_tcn_block_is_two_convolutions_a_skip_and_a_sum() -> None:
    model = build("tcn")
    lowered = lower(model)
    ops, block = by_name(lowered), "network.stack.layers.0"
    second, joined = ops[f"{block}.second"], ops[block]
    assert (second.activation, second.inputs) == (Activation.RELU, (ops[f"{block}.first"].output,))
    assert (joined.inputs, joined.add) == ((second.output,), ops[f"{block}.skip"].output)
    assert (joined.kind, joined.activation) == (OpKind.ADD, Activation.RELU)
    assert ops["network.stack.layers.1"].add == joined.output  # of one width: no skip convolution
    weight = lowered.graph.tensors[second.weight].array
    assert np.array_equal(weight, model.network.stack.layers[0].second.kernel().detach().numpy())


def test_the_context_is_a_slower_domain() -> None:
    lowered = lower(build("context and features"))
    graph, ops = lowered.graph, by_name(lowered)
    assert [(domain.parent, domain.period) for domain in graph.domains] == [(0, 1), (0, 4)]
    inner = {name: graph.values[op.output].domain for name, op in ops.items() if ".context.inner" in name}
    outer = {name: graph.values[op.output].domain for name, op in ops.items() if ".context" not in name}
    assert set(inner.values()) == {1} and set(outer.values()) == {0}
    frame, unframe = (op for name, op in zip(lowered.names, graph.ops, strict=True) if name == "network.context")
    assert (frame.kind, graph.values[frame.output].channels) == (OpKind.FRAME, 4 * 8)
    assert (unframe.kind, graph.values[unframe.output].channels) == (OpKind.UNFRAME, 3)
    first, second = ops["network.stack.gates.2.condition"], ops["network.stack.gates.2.condition.1"]
    assert (first.inputs, first.add) == ((ops["condition"].output,), NONE)
    assert (second.inputs, second.add) == ((unframe.output,), first.output)
    assert ops["network.stack.gates.2.conv"].add == second.output


@pytest.mark.parametrize("alphabet", [dict(kind="mu_law", num_levels=7), dict(kind="linear_pcm", bits=8)])
def test_a_scalar_input_is_a_table_with_the_start_symbol_last(alphabet: dict[str, Any]) -> None:
    model = build("scalar", alphabet=alphabet)
    lowered = lower(model)
    table = lowered.graph.tensors[by_name(lowered)["alphabet"].weight].array
    assert table.dtype == np.float32 and table.shape == (model.alphabet.num_symbols + 1, 1) and table[-1] == 0
    values = model.alphabet.to_scalar(torch.arange(model.alphabet.num_symbols)).numpy()
    assert np.array_equal(table[:-1, 0], values)


def test_bfloat16_rounds_the_networks_convolutions_alone() -> None:
    model = build("context and features")
    exact, rounded = lower(model).graph, lower(model, "bfloat16").graph
    assert rounded.precision == Type.BFLOAT16
    known = {
        op.weight for op in exact.ops if op.kind == OpKind.CONV and exact.ops[op.inputs[0]].kind == OpKind.CONDITION
    }
    weights = {op.weight for op in exact.ops if op.kind == OpKind.CONV} - known
    assert weights and known
    for index, (one, other) in enumerate(zip(exact.tensors, rounded.tensors, strict=True)):
        if index not in weights:
            assert other.type == Type.FLOAT32 and np.array_equal(one.array, other.array)
            continue
        expected = torch.from_numpy(one.array).bfloat16()
        found = torch.from_numpy((other.array.astype(np.uint32) << 16).view(np.float32))
        assert other.type == Type.BFLOAT16 and torch.equal(found, expected.float())


def test_the_graph_keeps_no_hold_of_the_model() -> None:
    """A graph made while a model trains is of that moment."""
    model = build()
    lowered = lower(model)
    before = [tensor.array.copy() for tensor in lowered.graph.tensors]
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)
    assert all(np.array_equal(one, tensor.array) for one, tensor in zip(before, lowered.graph.tensors, strict=True))


@pytest.mark.parametrize(
    ("config", "kind", "num_components", "initial_scale", "scale_margin"),
    [
        (dict(kind="categorical"), EmissionKind.CATEGORICAL, 0, 0.0, 0.0),
        (dict(kind="gaussian", initial_scale=0.3), EmissionKind.GAUSSIAN, 0, 0.3, 3.0),
        (dict(kind="mixture_of_logistics", num_components=4), EmissionKind.MIXTURE_OF_LOGISTICS, 4, 0.05, 3.0),
        (dict(kind="mixture_of_gaussians", scale_margin=1.5), EmissionKind.MIXTURE_OF_GAUSSIANS, 10, 0.1, 1.5),
        (dict(kind="coupled_logistics", num_components=7), EmissionKind.COUPLED_LOGISTICS, 7, 0.3, 3.0),
    ],
)
def test_emissions(
    config: dict[str, Any], kind: EmissionKind, num_components: int, initial_scale: float, scale_margin: float
) -> None:
    coupled = dict(alphabet=dict(kind="pixels", shape=(2, 2, 3)), network=dict(kind="tcn", input="scalar"))
    others = coupled if kind == EmissionKind.COUPLED_LOGISTICS else {}
    emission = lower(build(emission=config, **others)).graph.emission
    assert (emission.kind, emission.num_components) == (kind, num_components)
    assert (emission.initial_scale, emission.scale_margin) == (initial_scale, scale_margin)


def without_network() -> Autoregressive:
    model = build()
    model.network = type("Echo", (type(model.network),), {})(model.config.network, 16, 16)
    return model


def with_identity() -> Autoregressive:
    model = build("context")
    model.network.context.inner = nn.Identity()
    return model


UNKNOWN = dict(PLAIN["network"], input="scalar")


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (without_network, "no network Echo"),
        (lambda: build(**PLAIN), "no network CausalConvs"),
        (lambda: build(**{**KINDS["gaussian of what a linear prediction leaves"], "network": UNKNOWN}),
         "no network CausalConvs"),
        (with_doubled, r"no Doubled \(network.head.layers.0\)"),
        (with_identity, r"no Identity \(network.context.inner\)"),
        (lambda: build().double(), "float32 weights, .*float64"),
        (lambda: build("pixelcnn++", alphabet=dict(PIXELS, shape=(1, 4098, 1))), "rows of 4,098"),
        (lambda: build("diagonal bilstm of labels", alphabet=dict(PIXELS, shape=(1, 4097, 1))), "rows of 4,097"),
        (lambda: build("pixelcnn++", network=dict(PLUSPLUS, num_levels=6), alphabet=dict(PIXELS, shape=(1, 2048, 1))),
         "one has 2,097,152"),
    ],
)  # fmt: skip
def test_what_it_cannot_be_is_named(model: Any, said: str) -> None:
    with pytest.raises(Unsupported, match=f"^the native engine .*{said}"):
        lower(model())


def test_a_network_of_too_many_values_is_not_lowered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(format.MOST, "values", (5, 16))
    with pytest.raises(Unsupported, match="at most 5 values"):
        lower(build())
