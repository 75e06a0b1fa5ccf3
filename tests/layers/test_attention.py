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
    FeedForward,
    GatedFeedForward,
    Layer,
    WindowedSelfAttention,
    attention,
    attention_weights,
)
from undertow.layers.attention import SelfAttention
from undertow.layers.positions import Learned, Rotary, Sinusoidal, rotate

QUERY = torch.tensor([[1.0, 1.0, 0.0]]).double()
KEYS = torch.tensor([[1.0, 3.0, 0.0], [0.0, 0.0, 1.0], [5.0, -1.0, 2.0]]).double()

ATTENTION: dict[str, Callable[[], SelfAttention]] = {
    "to the beginning": lambda: CausalSelfAttention(4, 2, max_length=33),
    "one head, no bias": lambda: CausalSelfAttention(4, 1, max_length=40, bias=False),
    "window 2": lambda: WindowedSelfAttention(4, 2, window=2),
    "window 5": lambda: WindowedSelfAttention(4, 2, window=5),
    "window 16": lambda: WindowedSelfAttention(4, 4, window=16),
}
LAYERS: dict[str, Callable[[], Layer]] = {
    **ATTENTION,
    "feed forward": lambda: FeedForward(4, 7, "gelu"),
    "gated feed forward": lambda: GatedFeedForward(4, 7, bias=False),
}


def inputs(num_steps: int = 33) -> Tensor:
    return torch.randn(3, num_steps, 4).double()


def rotation(num_steps: int, head_channels: int) -> Tensor:
    return Rotary(head_channels)(torch.arange(num_steps))[None]


@pytest.mark.parametrize("name", LAYERS)
def test_contract(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(LAYERS[name](), inputs(), tmp_path)


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


def test_sinusoids_are_the_papers() -> None:
    table = Sinusoidal(50, 8)(torch.arange(50))
    for position in (0, 1, 7, 49):
        for i in range(4):
            angle = position / 10000 ** (2 * i / 8)
            assert table[position, 2 * i].item() == pytest.approx(math.sin(angle), abs=1e-6)
            assert table[position, 2 * i + 1].item() == pytest.approx(math.cos(angle), abs=1e-6)
    assert not list(Sinusoidal(50, 8).parameters()) and not Sinusoidal(50, 8).state_dict()


def test_learned_positions_are_rows() -> None:
    layer = Learned(5, 3)
    assert torch.equal(layer(torch.tensor([[4, 0]])), layer.table.weight[[4, 0]][None])


def test_rotation_makes_products_of_distances() -> None:
    """⟨R_p q, R_s k⟩ depends on p - s alone, and a turned vector is as long as before."""
    query, key = torch.randn(2, 1, 1, 1, 1, 6).double()
    rotary = Rotary(6)

    def product(at: int, other: int) -> Tensor:
        turned = [rotate(x, rotary(torch.tensor([[place]]))) for x, place in ((query, at), (key, other))]
        assert_close(turned[0].norm(), query.norm())
        return (turned[0] * turned[1]).sum()

    assert_close(product(9, 4), product(105, 100))
    torch.testing.assert_close(product(9, 4), product(10**9 + 5, 10**9), rtol=1e-6, atol=1e-6)
    assert not torch.isclose(product(9, 4), product(9, 5))
    assert torch.equal(rotate(query, rotary(torch.tensor([[0]]))), query)
