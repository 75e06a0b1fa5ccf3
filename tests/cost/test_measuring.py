"""What is counted of a model's cost, against figures that can be worked out by hand."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.refusals import refuses
from undertow.config import parse
from undertow.cost.measuring import Cost, count_operations, exponent, measure_cost, measure_costs
from undertow.cost.network_families import family
from undertow.errors import UsageError
from undertow.layers import CausalConv1d
from undertow.models import Autoregressive

WIDTH, DEPTH, SYMBOLS = 8, 3, 256


def cost(name: str, length: int, **sizes: int) -> Cost:
    return measure_cost(family(name, length, **{"width": WIDTH, "depth": DEPTH, **sizes}), length)


@pytest.mark.parametrize(("power", "factor"), [(0.0, 5), (1.0, 3), (2.0, 0.5), (-1.5, 7)])
def test_exponents_of_clean_laws(power: float, factor: float) -> None:
    sizes = [32, 64, 128, 512]
    assert exponent(sizes, [factor * size**power for size in sizes]) == pytest.approx(power, abs=1e-9)


def test_what_has_no_exponent() -> None:
    assert exponent([64], [3]) is None and exponent([1, 2], [0, 4]) is None


def test_operations_of_layers_are_exact() -> None:
    """Two a multiply-add; a product's backward is two more of its size, one where the input needs no gradient."""
    linear, x = nn.Linear(6, 5), torch.randn(2, 7, 6)
    assert count_operations(lambda: linear(x)) == (2 * 14 * 6 * 5, 0)
    assert count_operations(lambda: linear(x).sum().backward()) == (2 * 2 * 14 * 6 * 5, 0)
    conv = CausalConv1d(6, 5, kernel_size=3, dilation=2)
    assert count_operations(lambda: conv(x)) == (2 * 14 * 3 * 6 * 5, 0)
    state = conv.init_state(2)
    with torch.no_grad():
        assert count_operations(lambda: conv.step(x[:, :1], state)) == (2 * 2 * 3 * 6 * 5, 0)


@pytest.mark.parametrize(("cell", "gates"), [(nn.LSTM, 4), (nn.GRU, 3), (nn.RNN, 1)])
@pytest.mark.parametrize("grad", [True, False])
def test_operations_of_recurrent_cells_are_exact(cell: Any, gates: int, grad: bool) -> None:
    layer, x = cell(6, 5, num_layers=2, batch_first=True), torch.randn(2, 7, 6)
    with torch.set_grad_enabled(grad):
        found = count_operations(lambda: layer(x))
    assert found == (2 * 14 * gates * 5 * (6 + 5 + 5 + 5), 0)


def test_operations_of_attention_are_exact_and_between_steps() -> None:
    query, key, value = (torch.randn(1, 2, 7, 4, requires_grad=True) for _ in range(3))
    forward = 2 * 2 * 2 * 7 * 7 * 4

    def attend() -> torch.Tensor:
        return F.scaled_dot_product_attention(query, key, value, is_causal=True)

    assert count_operations(attend) == (forward, forward)
    assert count_operations(lambda: attend().sum().backward()) == (3.5 * forward, 3.5 * forward)


def test_a_step_and_its_state() -> None:
    head = 2 * WIDTH * SYMBOLS
    gru = cost("gru", 16)
    assert gru.step_operations == DEPTH * 2 * 3 * 2 * WIDTH * WIDTH + head
    assert gru.state_bytes == DEPTH * WIDTH * 4
    wavenet = cost("wavenet", 16)
    gates, residuals = DEPTH * 2 * 2 * WIDTH * 2 * WIDTH, (DEPTH - 1) * 2 * WIDTH * WIDTH
    assert wavenet.step_operations == gates + residuals + 2 * DEPTH * WIDTH * WIDTH + 2 * WIDTH * WIDTH + head
    assert wavenet.state_bytes == sum(2**layer * WIDTH * 4 + 8 for layer in range(DEPTH))
    transformer = cost("transformer", 16)
    weights = DEPTH * 2 * (3 + 1 + 4 + 4) * WIDTH * WIDTH
    assert transformer.step_operations == weights + DEPTH * 2 * 2 * 16 * WIDTH + head
    assert transformer.state_bytes == DEPTH * (2 * 16 * WIDTH * 4 + 8)


def test_training_is_three_times_a_step_of_each_symbol_where_nothing_looks_back() -> None:
    for name in ("bytenet", "wavenet", "lstm"):
        found = cost(name, 12)
        assert found.training_operations == 3 * 12 * found.step_operations and found.attention_operations == 0


def test_parameters_are_counted() -> None:
    assert cost("lstm", 4).num_parameters == sum(p.numel() for p in family("lstm", 4, WIDTH, DEPTH).parameters())


def test_operations_in_a_row() -> None:
    assert cost("rnn", 16).sequential_operations == 16 * DEPTH + 1  # and the head
    assert cost("transformer", 16).sequential_operations == cost("transformer", 32).sequential_operations
    assert cost("transformer", 16).sequential_operations == 5 * DEPTH + 1
    assert cost("bytenet", 16).sequential_operations == 4 * DEPTH + 2


def test_the_longest_path() -> None:
    assert cost("gru", 40).longest_path == 39
    assert cost("transformer", 40).longest_path == 1
    assert cost("rnn-attention", 40).longest_path == 1
    assert cost("wavenet", 8, depth=6).longest_path == 3  # 7 = 1 + 2 + 4
    assert cost("wavenet", 40, depth=6).longest_path == 5  # 31 = 1 + 2 + 4 + 8 + 16
    assert cost("wavenet", 40, depth=2).longest_path == 2  # of the four steps that it sees


def test_memory_follows_the_length() -> None:
    """Linear where no two steps are held together; an attention that keeps every pair has a quadratic part."""
    for name in ("bytenet", "transformer"):
        found = measure_costs(name, lambda length, name=name: family(name, length, WIDTH, DEPTH), [16, 32, 64])
        first, second, third = found.values("training_bytes")
        assert third - second == pytest.approx(2 * (second - first), rel=0.02)
    found = measure_costs("rnn-attention", lambda length: family("rnn-attention", length, WIDTH, 1), [16, 32, 64])
    first, second, third = found.values("training_bytes")
    assert third - 2 * second == pytest.approx(4 * (second - 2 * first), rel=0.1)


def test_a_gradient_s_memory_is_what_is_kept_of_activations() -> None:
    """A tanh keeps its output; a linear layer its input; weights are not counted."""
    one, two = cost("rnn", 16, depth=1), cost("rnn", 16, depth=2)
    assert two.training_bytes > one.training_bytes > 16 * (WIDTH + SYMBOLS) * 4


def test_exponents_of_the_families() -> None:
    found = measure_costs("transformer", lambda length: family("transformer", length, WIDTH, DEPTH), [16, 32, 64])
    assert found.exponent("attention_operations") == pytest.approx(2)
    assert 1 < found.exponent("training_operations") < 2 and 0 < found.exponent("step_operations") < 1
    assert found.exponent("state_bytes") == pytest.approx(1, abs=0.01)
    assert found.receptive_field is None and found.kind == "transformer"


def test_a_model_of_sound_with_features_and_a_scalar_input() -> None:
    mel = {"kind": "mel", "sample_rate": 32, "hop_length": 4, "window_length": 8, "fft_size": 16, "num_channels": 3}
    values = {
        "alphabet": {"kind": "mu_law", "num_levels": 16},
        "network": {"kind": "wavenet", "num_cycles": 1, "layers_per_cycle": 3, "input": "scalar"},
        "emission": {"kind": "mixture_of_logistics"},
        "conditioner": {"labels": {"speaker": ["a", "b"]}, "features": mel, "upsampling": {"channels": 3}},
        "sample_rate": 32,
    }
    model = Autoregressive(parse(Autoregressive.Config, values))
    model.eval()
    found = measure_cost(model, 10)
    assert found.longest_path == 3 and found.training_operations > 0 and not model.training


def test_a_tied_output_and_gradients_that_are_there_already() -> None:
    values = {
        "alphabet": {"kind": "bytes"},
        "network": {
            "kind": "transformer",
            "channels": 8,
            "num_layers": 1,
            "num_heads": 1,
            "max_length": 8,
            "tied": True,
        },
        "emission": {"kind": "categorical"},
    }
    model = Autoregressive(parse(Autoregressive.Config, values))
    first = next(model.parameters())
    first.grad = torch.ones_like(first)
    found, plain = measure_cost(model, 8), cost("transformer", 8, depth=1)
    assert found.training_operations == plain.training_operations
    assert found.num_parameters == plain.num_parameters - 8 * SYMBOLS
    assert bool((first.grad == 1).all()) and all(p.grad is None for p in list(model.parameters())[1:])


@pytest.mark.parametrize(("length", "parts"), [(1, ["length 1", "at least 2"]), (17, ["length 17", "16 inputs"])])
def test_lengths_that_cannot_be_measured(length: int, parts: list[str]) -> None:
    with refuses(UsageError, *parts):
        measure_cost(family("transformer", 16, WIDTH, 1), length)
