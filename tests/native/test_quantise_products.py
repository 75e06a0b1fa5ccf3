"""A product of two values: torch and the engine find the same, and what reads it has float32 weights everywhere.

T steps, P parameters.
"""

import numpy as np
import pytest
import torch

from tests.native import int8
from undertow.native import make_engine, make_program, to_bytes
from undertow.native.builder import Builder
from undertow.native.format import Activation, Emission, EmissionKind, Graph, OpKind, Type
from undertow.native.quantise import quantise, quantised_values
from undertow.native.trace import trace

STEPS = 50


def predictor(weights: Type = Type.FLOAT32) -> Graph:
    """The last four inputs times what the condition says, their sum, and a gated convolution of it."""
    torch.manual_seed(3)
    build = Builder(weights, {})
    taps = build.conv("taps", torch.randn(5, 4, 1), None, (build.embed("embed", torch.randn(17, 1)),))
    said = build.conv("said", torch.randn(5, 1, 3), torch.randn(5), (build.condition(3),))
    total = build.conv("sum", torch.randn(6, 1, 5), None, (build.product("product", taps, said),))
    gated = build.conv("gated", torch.randn(14, 2, 6), torch.randn(14), (total,), activation=Activation.GATE)
    output = build.conv("output", torch.randn(16, 1, 7), torch.randn(16), (gated,))
    return Graph(
        precision=weights,
        num_symbols=16,
        condition_channels=3,
        output=output,
        emission=Emission(kind=EmissionKind.CATEGORICAL),
        values=tuple(build.values),
        ops=tuple(build.ops),
        tensors=tuple(build.tensors),
    )


def given() -> tuple[torch.Tensor, torch.Tensor]:
    """Symbols (T,) and a condition (T, 3)."""
    random = np.random.default_rng(4)
    symbols = torch.from_numpy(random.integers(0, 16, STEPS))
    return symbols, torch.from_numpy(random.normal(size=(STEPS, 3)).astype(np.float32))


def traced(graph: Graph) -> dict[int, np.ndarray]:
    return {value: y.numpy() for value, y in trace(graph, *given())}


def in_int8() -> Graph:
    graph = predictor()
    values = traced(graph)
    return quantise(graph, {value: np.abs(values[value]).max(axis=0) for value in quantised_values(graph)})


def said(graph: Graph) -> np.ndarray:
    """Parameters (T, P) of the engine."""
    symbols, condition = given()
    params = np.empty((1, STEPS, 16), np.float32)
    make_engine(make_program(to_bytes(graph)), 1, 1).feed(symbols[None].numpy(), condition[None].numpy(), params)
    return params[0]


def weights_of(graph: Graph) -> list[Type]:
    """How the five convolutions hold their weights: taps, said, sum, gated, output."""
    return [graph.tensors[op.weight].type for op in graph.ops if op.kind == OpKind.CONV]


def test_a_trace_multiplies() -> None:
    graph, values = predictor(), traced(predictor())
    (product,) = (op for op in graph.ops if op.kind == OpKind.PRODUCT)
    a, b = (values[value] for value in product.inputs)
    assert a.shape == (STEPS, 5) and np.array_equal(values[product.output], a * b)


def test_what_reads_a_product_stays_float32_in_int8() -> None:
    """As what reads a single channel does, or the condition; the value itself is held as floats alone."""
    graph = in_int8()
    floats = Type.FLOAT32
    assert weights_of(graph) == [floats, floats, floats, Type.INT8, Type.INT8]
    (product,) = (op.output for op in graph.ops if op.kind == OpKind.PRODUCT)
    assert graph.values[product].step < 0 and product not in quantised_values(predictor())


def test_what_reads_a_product_stays_float32_in_bfloat16() -> None:
    rounded, floats = Type.BFLOAT16, Type.FLOAT32
    assert weights_of(predictor(rounded)) == [rounded, floats, floats, rounded, rounded]


@pytest.mark.native
def test_the_engine_says_what_torch_says() -> None:
    graph = predictor()
    expected = traced(graph)[graph.output]
    np.testing.assert_allclose(said(graph), expected, rtol=0, atol=2e-5 * np.abs(expected).max())


@pytest.mark.native
def test_the_engine_says_what_integers_say() -> None:
    graph, (symbols, condition) = in_int8(), given()
    expected = int8.says(graph, symbols.numpy(), condition.numpy())
    error = np.abs(said(graph) - expected).max(axis=1) / np.abs(expected).max()
    assert np.median(error) < 1e-6 and error.max() < 0.05
