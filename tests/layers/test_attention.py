"""Attention: the published worked examples, torch's own numbers, and the contract with cache and ring."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from tests.contract import assert_close, check_layer
from undertow import state as states
from undertow.layers import (
    CausalSelfAttention,
    WindowedSelfAttention,
    attention,
    attention_weights,
)
from undertow.layers.attention import SelfAttention
from undertow.layers.positions import Rotary

QUERY = torch.tensor([[1.0, 1.0, 0.0]]).double()
KEYS = torch.tensor([[1.0, 3.0, 0.0], [0.0, 0.0, 1.0], [5.0, -1.0, 2.0]]).double()

ATTENTION: dict[str, Callable[[], SelfAttention]] = {
    "to the beginning": lambda: CausalSelfAttention(4, 2, max_length=33),
    "one head, no bias": lambda: CausalSelfAttention(4, 1, max_length=40, bias=False),
    "window 2": lambda: WindowedSelfAttention(4, 2, window=2),
    "window 5": lambda: WindowedSelfAttention(4, 2, window=5),
    "window 16": lambda: WindowedSelfAttention(4, 4, window=16),
}


def inputs(num_steps: int = 33) -> Tensor:
    return torch.randn(3, num_steps, 4).double()


def rotation(num_steps: int, head_channels: int) -> Tensor:
    return Rotary(head_channels)(torch.arange(num_steps))[None]


@pytest.mark.parametrize("name", ATTENTION)
def test_contract(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(ATTENTION[name](), inputs(), tmp_path)


@pytest.mark.parametrize("name", ["to the beginning", "window 5"])
def test_contract_with_rotary_positions(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(ATTENTION[name](), inputs(), tmp_path, rotation(33, 2).expand(3, -1, -1, -1))


def test_the_worked_example() -> None:
    weights = attention_weights(QUERY, KEYS)
    torch.testing.assert_close(weights, torch.tensor([[0.4763, 0.0473, 0.4763]]).double(), rtol=0, atol=5e-5)
    scores = torch.tensor([4.0, 0.0, 4.0]).double() / math.sqrt(3)
    assert_close(weights, scores.softmax(dim=0)[None])
    itself = torch.tensor([[2.858, 0.953, 1.000]]).double()
    torch.testing.assert_close(attention(QUERY, KEYS, KEYS), itself, rtol=0, atol=5e-4)
    values = torch.tensor([[2.0, -5.0, 3.0], [2.0, -5.0, 3.0], [0.0, 2.0, -1.0]]).double()
    others = torch.tensor([[1.047, -1.666, 1.095]]).double()
    torch.testing.assert_close(attention(QUERY, KEYS, values), others, rtol=0, atol=5e-4)


def test_scores_are_divided_by_the_root_of_the_width() -> None:
    """Scores of 112 and 96 with d_k = 64 are 14 and 12: weights 0.88 and 0.12."""
    query, keys = torch.ones(1, 64), torch.stack([torch.full((64,), 112 / 64), torch.full((64,), 96 / 64)])
    weights = attention_weights(query, keys)
    torch.testing.assert_close(weights, torch.tensor([[0.88, 0.12]]), rtol=0, atol=1e-3)


def test_a_masked_key_has_no_weight() -> None:
    weights = attention_weights(QUERY, KEYS, torch.tensor([[True, False, True]]))
    assert_close(weights, torch.tensor([[0.5, 0.0, 0.5]]).double())


def test_plain_attention_is_torchs() -> None:
    query, keys, values = torch.randn(3, 2, 4, 9, 5).double()
    mask = torch.rand(9, 9) < 0.5
    mask.fill_diagonal_(True)
    assert_close(attention(query, keys, values, mask), F.scaled_dot_product_attention(query, keys, values, mask))


@pytest.mark.parametrize("name", ATTENTION)
def test_the_weights_make_the_layers_output(name: str) -> None:
    layer, x = ATTENTION[name]().double(), inputs(20)
    heads = 4 // layer.num_heads
    turn = rotation(20, heads) if heads % 2 == 0 else None
    weights = layer.weights(x, turn)
    assert weights.shape == (3, layer.num_heads, 20, 20)
    assert_close(weights.sum(dim=-1), torch.ones(3, layer.num_heads, 20).double())
    values = layer.inputs(x)[..., 8:].unflatten(-1, (layer.num_heads, -1))
    assert_close(layer.output((weights @ values.transpose(1, 2)).transpose(1, 2).flatten(2)), layer(x, turn))


@pytest.mark.parametrize("window", [2, 3, 7])
def test_a_window_sees_its_own_step_and_those_before(window: int) -> None:
    weights = WindowedSelfAttention(4, 2, window).weights(torch.randn(1, 12, 4))[0, 0]
    ages = torch.arange(12)[:, None] - torch.arange(12)
    assert torch.equal(weights > 0, (ages >= 0) & (ages < window))


def test_a_wide_window_is_no_window() -> None:
    layer, windowed = CausalSelfAttention(4, 2, 12).double(), WindowedSelfAttention(4, 2, 12).double()
    windowed.load_state_dict(layer.state_dict())
    x = inputs(12)
    assert_close(windowed(x), layer(x))


def test_steps_write_where_they_are_and_move_nothing_else() -> None:
    for layer in (CausalSelfAttention(4, 2, 12), WindowedSelfAttention(4, 2, 6)):
        with torch.no_grad():
            state = layer.init_state(1)
            begun = states.clone(state)
            for time in range(1, 12):
                _, after = layer.step(torch.ones(1, 1, 4), state)
                assert all(after[name].data_ptr() == state[name].data_ptr() for name in ("keys", "values"))
                assert after["position"].tolist() == [time]
                state = after
            assert begun["keys"].abs().sum() == 0


def test_room_is_what_is_attended_to_and_changes_no_value() -> None:
    torch.manual_seed(0)
    layer, x = CausalSelfAttention(4, 2, 12).double(), torch.randn(2, 9, 4).double()
    with torch.no_grad():
        whole = layer(x)
        y, state = layer.step(x[:, :3], layer.with_room(layer.init_state(2), 3))
        assert torch.equal(y, layer(x[:, :3]))
        for time, room in zip(range(3, 9), (4, 12, 7, 7, 20, 9), strict=True):
            state = layer.with_room(state, room)
            assert state["keys"].shape[1] == state["values"].shape[1] == min(room, 12)
            y, state = layer.step(x[:, [time]], state)
            assert_close(y, whole[:, [time]])


def test_a_stack_finds_its_places_once() -> None:
    """Places of one layer's state serve the others', and the numbers are those of each by itself."""
    torch.manual_seed(0)
    for first, second in ((CausalSelfAttention(4, 2, 12),) * 2, (WindowedSelfAttention(4, 2, 5),) * 2):
        x, state = torch.randn(2, 3, 4), first.init_state(2)
        with torch.no_grad():
            _, state = first.step(x, state)
            alone, after = second.step(x, states.clone(state))
            shared, same = second.step(x, states.clone(state), places=first.places(state, 3))
        assert torch.equal(alone, shared)
        assert all(torch.equal(after[name], same[name]) for name in after)
