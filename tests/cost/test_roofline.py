"""What memory and arithmetic allow, on given numbers, and what a model's step takes."""

import numpy as np
import pytest
import torch

from undertow.cost.paper_wavenet import paper_model
from undertow.cost.roofline import Roofline, StepCost, multiply_adds, step_cost
from undertow.cost.stepping_speed import Speed
from undertow.native import export, lower
from undertow.native.format import Domain, Emission, EmissionKind, Graph, Op, OpKind, Tensor, Type, Value

COST = StepCost(num_bytes=5_000_000, num_multiply_adds=1_250_000)


@pytest.mark.parametrize(
    ("batch_size", "bound", "allowed"),
    [(1, "bandwidth", 10_000.0), (4, "bandwidth", 40_000.0), (64, "compute", 48_000.0)],
)
def test_the_lower_bound_holds(batch_size, bound, allowed):
    roofline = Roofline(COST, batch_size, read_bandwidth=50e9, matrix_peak=60e9)
    assert roofline.bounds == {"bandwidth": 10_000.0 * batch_size, "compute": 48_000.0}
    assert roofline.bound == bound and roofline.samples_per_second == allowed


def test_a_speed_is_held_against_its_roofline_and_its_clock():
    roofline = Roofline(COST, 4, read_bandwidth=50e9, matrix_peak=60e9)
    speed = Speed("native", "float32", 1, 4, 32_000.0, 16_000, roofline)
    assert speed.roofline_fraction == 0.8 and speed.real_time_factor == 0.5
    alone = Speed("torch", "float32", 1, 4, 32_000.0, None, None)
    assert alone.roofline_fraction is None and alone.real_time_factor is None


def test_multiply_adds_are_the_weights_but_for_tables_and_biases():
    layers = 30 * 2 * 64 * 128 + 29 * 64 * 64 + 30 * 64 * 256 + 256 * 256 + 256 * 256
    assert multiply_adds(lower(paper_model()).graph) == layers


def test_what_ticks_seldom_counts_its_share():
    graph = Graph(
        precision=Type.FLOAT32,
        num_symbols=8,
        condition_channels=0,
        output=2,
        emission=Emission(kind=EmissionKind.CATEGORICAL),
        domains=(Domain(), Domain(parent=0, period=4), Domain(parent=1, period=5)),
        values=tuple(Value(channels=3, domain=domain) for domain in range(3)),
        ops=tuple(Op(kind=OpKind.CONV, output=place, weight=place, bias=3) for place in range(3)),
        tensors=tuple(Tensor(Type.FLOAT32, np.zeros(shape, np.float32)) for shape in [(3, 2, 40)] * 3 + [(3,)]),
    )
    assert multiply_adds(graph) == 240 + 240 / 4 + 240 / 20


@pytest.mark.native
def test_fewer_bits_a_weight_are_fewer_bytes_a_step():
    torch.manual_seed(0)
    model = paper_model(num_cycles=2)
    whole, half = (step_cost(export(model, precision)) for precision in ("float32", "bfloat16"))
    assert whole.num_multiply_adds == half.num_multiply_adds
    table = 4 * 64
    assert whole.num_bytes - table == 4 * whole.num_multiply_adds == 2 * (half.num_bytes - table)
